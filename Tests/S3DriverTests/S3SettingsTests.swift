import Foundation
import ImageStore
import OsloConfig
import TestSupport
import Testing

@testable import S3Driver

@Suite struct S3SettingsTests {
    private func settings(
        _ options: [String: String], environment: [String: String] = [:], bare: Bool = false
    ) throws -> S3Settings {
        var all = bare ? [:] : ["s3_store_host": "host", "s3_store_bucket": "images"]
        if !bare { all.merge(["s3_store_access_key": "a", "s3_store_secret_key": "s"]) { $1 } }
        all.merge(options) { $1 }
        let text = "[glance_store]\n" + all.map { "\($0.key) = \($0.value)" }.joined(separator: "\n")
        return try S3Settings(configuration: Configuration(text: text), store: "s3", environment: environment)
    }

    private func problem(_ options: [String: String]) -> String {
        do {
            _ = try settings(options)
            return ""
        } catch {
            guard case StoreError.badConfiguration(let text) = error else { return "\(error)" }
            return text
        }
    }

    @Test func hasTheDefaultsOfGlance() throws {
        let settings = try settings([:])
        #expect(settings.largeObjectSize == 100 << 20)
        #expect(settings.partSize == 10 << 20)
        #expect(settings.partsInFlight == 10)
        #expect(settings.region == "us-east-1")
        #expect(!settings.namesRegion)
        #expect(!settings.createsBucket)
        #expect(settings.endpoint.addressing == .auto)
    }

    @Test(arguments: [
        ("s3_store_host", ""), ("s3_store_host", "ftp://host"), ("s3_store_bucket", ""), ("s3_store_bucket", "a/b"),
        ("s3_store_secret_key", ""), ("s3_store_large_object_chunk_size", "4"), ("s3_store_thread_pools", "0"),
        ("s3_store_bucket_url_format", "other"),
    ])
    func namesTheOptionThatIsWrong(_ option: String, _ value: String) {
        #expect(problem([option: value]).contains("store s3: \(option)"))
    }

    @Test func bucketsInHostNamesHaveToFit() {
        #expect(
            problem(["s3_store_bucket_url_format": "virtual", "s3_store_bucket": "My_Images"]).contains(
                "s3_store_bucket"))
    }

    @Test func optionsComeBeforeTheEnvironment() throws {
        let environment = ["AWS_ACCESS_KEY_ID": "ea", "AWS_SECRET_ACCESS_KEY": "es", "AWS_SESSION_TOKEN": "et"]
        #expect(
            try settings([:], environment: environment).credentials.load()
                == S3Credentials(accessKey: "a", secretKey: "s"))
        let empty = ["s3_store_access_key": "", "s3_store_secret_key": ""]
        #expect(
            try settings(empty, environment: environment).credentials.load()
                == S3Credentials(accessKey: "ea", secretKey: "es", sessionToken: "et"))
        #expect(throws: StoreError.self) { try settings(empty) }
    }

    @Test func readsProfiles() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/credentials"
            try """
            # comment
            [default]
            aws_access_key_id=da
            aws_secret_access_key = ds
            [ work ]
            AWS_ACCESS_KEY_ID = wa
            aws_secret_access_key = w=s
            aws_session_token = wt
            """.write(toFile: file, atomically: true, encoding: .utf8)
            let empty = ["s3_store_access_key": "", "s3_store_secret_key": ""]
            var environment = ["AWS_SHARED_CREDENTIALS_FILE": file]
            #expect(
                try settings(empty, environment: environment).credentials.load()
                    == S3Credentials(accessKey: "da", secretKey: "ds"))
            environment["AWS_PROFILE"] = "work"
            #expect(
                try settings(empty, environment: environment).credentials.load()
                    == S3Credentials(accessKey: "wa", secretKey: "w=s", sessionToken: "wt"))
            environment["AWS_PROFILE"] = "absent"
            #expect(throws: StoreError.self) { try settings(empty, environment: environment) }
        }
    }

    @Test func tenThousandPartsAreEnough() throws {
        let settings = try settings(["s3_store_large_object_chunk_size": "5"])
        let known = S3PartSizes(settings: settings, expectedSize: 5 << 40)
        #expect(Int64(known.size(ofPart: 1)) * 10_000 >= 5 << 40)
        #expect(S3PartSizes(settings: settings, expectedSize: 1 << 30).size(ofPart: 9000) == 5 << 20)
        let unknown = S3PartSizes(settings: settings, expectedSize: nil)
        #expect(unknown.size(ofPart: 1000) == 5 << 20)
        #expect(unknown.size(ofPart: 1001) == 10 << 20)
        let total = (1...10_000).reduce(Int64(0)) { $0 + Int64(unknown.size(ofPart: $1)) }
        #expect(total > 200 << 30)
        #expect((1...10_000).allSatisfy { unknown.size(ofPart: $0) <= S3Settings.largestPart })
    }
}
