import Testing

@testable import S3Driver

@Suite struct S3LocationTests {
    @Test(arguments: [
        ("s3://host/bucket/key", false, "host"), ("s3+http://host:7480/bucket/key", false, "host:7480"),
        ("s3+https://host/bucket/key", true, "host"), ("s3://host/some/where/bucket/key", false, "host/some/where"),
        // Zed and older.
        ("s3://access:secret@host/bucket/key", false, "host"),
        ("s3+https://access:se/cr@et/@host:8443/bucket/key", true, "host:8443"),
    ])
    func readsURLs(_ url: String, _ isSecure: Bool, _ service: String) throws {
        let location = try #require(S3Location(url))
        #expect(location.isSecure == isSecure)
        #expect(location.service == service)
        #expect(location.bucket == "bucket")
        #expect(location.key == "key")
        #expect(!location.url.contains("secret"))
    }

    @Test(arguments: [
        "", "s3://", "s3://host", "s3://host/bucket", "s3://https://host/bucket/key", "http://host/bucket/key",
        "swift://host/bucket/key", "s3:/host/bucket/key",
    ])
    func refusesOtherURLs(_ url: String) {
        #expect(S3Location(url) == nil)
    }

    @Test(arguments: [
        ("http://host:7480", "s3://host:7480/images/id"), ("host:7480/", "s3://host:7480/images/id"),
        ("https://host", "s3+https://host/images/id"),
    ])
    func writesURLsAsGlanceDoes(_ host: String, _ url: String) throws {
        let endpoint = try #require(S3Endpoint(host, addressing: .auto))
        #expect(S3Location(endpoint: endpoint, bucket: "images", key: "id").url == url)
    }
}
