import Foundation
import TestSupport

/// Who moves images into a storage system and out of it again, each time as a process of a client's own.
protocol Contender: Sendable {
    var name: String { get }
    /// A new image, that does not count as part of the upload; whatever it is called by.
    func prepare() async throws -> String
    func upload(_ file: String, _ image: String) async throws
    func download(_ image: String, to file: String) async throws
    func remove(_ image: String) async throws
}

/// A Glance, ours or Python's.
struct GlanceContender: Contender {
    let name: String
    let client: ImageClient

    func prepare() async throws -> String { try await client.create(["name": "image"]) }

    func upload(_ file: String, _ image: String) async throws {
        _ = try await Uploads.put(file, image, client, chunked: false)
    }

    func download(_ image: String, to file: String) async throws {
        let status = try await command(
            "curl",
            [
                "-sS", "-o", file, "-w", "%{http_code}", "-H", "X-Auth-Token: \(client.token ?? "")",
                "\(client.url)/v2/images/\(image)/file",
            ])
        guard status == "200" else { throw TestFailure("\(name): download: \(status)") }
    }

    func remove(_ image: String) async throws { try await client.expect(204, "DELETE", "/v2/images/\(image)") }
}

/// The storage system's own command.
struct ToolContender: Contender {
    let name: String
    let program: String
    var environment: [String: String] = [:]
    /// Arguments, by file and image.
    let uploading: @Sendable (String, String) -> [String]
    let downloading: @Sendable (String, String) -> [String]
    let removing: @Sendable (String) -> [String]

    func prepare() async throws -> String { UUID().uuidString.lowercased() }
    func upload(_ file: String, _ image: String) async throws { try await run(uploading(file, image)) }
    func download(_ image: String, to file: String) async throws { try await run(downloading(image, file)) }
    func remove(_ image: String) async throws { try await run(removing(image)) }

    private func run(_ arguments: [String]) async throws {
        try await command(program, arguments, environment: environment)
    }

    /// `rbd`, with as many operations at a time as a store of ours has.
    static func rbd(_ server: SupportServer, _ place: String) async throws -> ToolContender {
        let common = [
            "-c", try server.setting("CEPH_CONF"), "--rbd-concurrent-management-ops", "8", "--no-progress", "-p", place,
        ]
        return ToolContender(
            name: "rbd", program: "rbd",
            uploading: { ["import", "--object-size", "8M", $0, $1] + common },
            downloading: { ["export", $0, $1] + common },
            removing: { ["rm", $0] + common })
    }

    /// The command of Amazon's, with its own defaults.
    static func aws(_ server: SupportServer, _ place: String) async throws -> ToolContender {
        let common = ["--endpoint-url", try server.setting("S3_URL"), "--only-show-errors"]
        return ToolContender(
            name: "aws s3 cp", program: try await fetched("awscli", "aws"),
            environment: [
                "AWS_ACCESS_KEY_ID": try server.setting("S3_ACCESS_KEY"),
                "AWS_SECRET_ACCESS_KEY": try server.setting("S3_SECRET_KEY"),
                "AWS_DEFAULT_REGION": try server.setting("S3_REGION"), "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                // This gateway does not know the newer kind of checksum.
                "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
                "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
            ],
            uploading: { ["s3", "cp", $0, "s3://\(place)/\($1)"] + common },
            downloading: { ["s3", "cp", "s3://\(place)/\($0)", $1] + common },
            removing: { ["s3", "rm", "s3://\(place)/\($0)"] + common })
    }

    /// python-swiftclient, with segments as large as a store's.
    static func swift(_ server: SupportServer, _ place: String) async throws -> ToolContender {
        let common = [
            "-q", "-A", try server.setting("SWIFT_AUTH_URL"), "-U", try server.setting("SWIFT_USER"), "-K",
            try server.setting("SWIFT_KEY"),
        ]
        return ToolContender(
            name: "swift", program: try await fetched("swiftclient", "swift"),
            uploading: { common + ["upload", "-S", "\(200 << 20)", "--object-name", $1, place, $0] },
            downloading: { common + ["download", "-o", $1, place, $0] },
            removing: { common + ["delete", place, $0] })
    }

    /// A program of an environment that `fetch` makes. It is never in PATH, where `swift` is the compiler.
    private static func fetched(_ environment: String, _ program: String) async throws -> String {
        let path = try await command(Project.support("fetch"), [environment]).split(separator: "\n").last ?? ""
        return "\(path)/bin/\(program)"
    }
}
