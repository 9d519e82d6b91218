import Foundation
import ImageModel
import ImageStore
import RBD
import RBDDriver
import Synchronization
import TestSupport

/// The cluster of the tests.
enum TestCeph {
    private static let lastPool = Atomic<Int>(0)

    static func server() async throws -> SupportServer { try await SharedServer.named("ceph") }

    /// How the cluster is reached. It answers within moments, or not at all.
    static func settings(user: String = "glance", timeout: Int? = 2) async throws -> CephSettings {
        CephSettings(configurationFile: try await server().setting("CEPH_CONF"), user: user, timeout: timeout)
    }

    /// The monitor and the OSD, as they run now.
    static func processes() async throws -> [Int32] {
        let path = try await server().setting("CEPH_CONF")
        return try await command("pgrep", ["-f", "^ceph-(mon|osd) -c \(path) "]).split(separator: "\n")
            .compactMap { Int32($0) }
    }

    /// A new pool.
    static func makePool() async throws -> String {
        let name = "test-\(lastPool.wrappingAdd(1, ordering: .relaxed).newValue)"
        try await ceph("osd", "pool", "create", name)
        return name
    }

    /// `ceph`, as administrator.
    @discardableResult
    static func ceph(_ arguments: String...) async throws -> String { try await run("ceph", arguments) }

    /// `rbd`, as administrator.
    @discardableResult
    static func rbd(_ arguments: String...) async throws -> String { try await run("rbd", arguments) }

    private static func run(_ program: String, _ arguments: [String]) async throws -> String {
        try await command(program, ["-c", try await server().setting("CEPH_CONF")] + arguments)
    }

    /// Makes an account that may do what Glance has to in one pool, and writes down its key and what it may do.
    ///
    /// - Returns: the file with both.
    static func makeUser(_ user: String, pool: String) async throws -> String {
        let keyring = try await server().setting("CEPH_KEYRINGS") + "/client.\(user).keyring"
        try await ceph(
            "auth", "get-or-create", "client.\(user)", "mon", "profile rbd", "osd", "profile rbd pool=\(pool)")
        try await ceph("auth", "get", "client.\(user)", "-o", keyring)
        return keyring
    }

    /// Shuts out the client that has the image open for writing, as the cluster does with one that hangs.
    static func shutOut(writerOf image: String, in pool: String) async throws {
        let watchers = try await rbd("status", "--format", "json", "\(pool)/\(image)")
        guard let address = watchers.firstMatch(of: /"address":"([^"]*)"/)?.1 else {
            throw TestFailure("nobody has \(image) open")
        }
        try await ceph("osd", "blocklist", "add", String(address))
    }

    /// The names of the images that a pool holds, and `orphan` for each image that has none, as its objects tell.
    static func images(in pool: String) async throws -> [String] {
        var names: [String] = []
        var ids: Set<Substring> = []
        for object in try await run("rados", ["-p", pool, "ls"]).split(separator: "\n") {
            let parts = object.split(separator: ".", maxSplits: 2)
            switch parts.first {
            case "rbd_id": names.append(String(object.dropFirst("rbd_id.".count)))
            case "rbd_header", "rbd_data", "rbd_object_map": ids.insert(parts[1])
            default: break
            }
        }
        return names + [String](repeating: "orphan", count: max(0, ids.count - names.count))
    }
}

extension RBDStore {
    /// A store of the cluster of the tests.
    static func ofTests(
        pool: String, user: String = "glance", timeout: Int? = 2, chunkSize: Int64 = 8 << 20, isThin: Bool = false
    ) async throws -> RBDStore {
        RBDStore(
            identity: StoreIdentity(id: "ceph"),
            settings: RBDSettings(
                cluster: try await TestCeph.settings(user: user, timeout: timeout), pool: pool, chunkSize: chunkSize,
                isThinProvisioned: isThin))
    }
}

extension TestStore {
    /// Runs `body` with a store in a pool of its own.
    static func withRBD(
        _ driver: Driver = .rbd, chunkSize: Int64 = 8 << 20, _ body: (TestStore) async throws -> Void
    ) async throws {
        let server = try await TestCeph.server()
        let pool = try await TestCeph.makePool()
        let fsid = try server.setting("CEPH_FSID")
        let store = try await RBDStore.ofTests(
            pool: pool, chunkSize: chunkSize, isThin: driver == .rbdWithThinProvisioning)
        let location: @Sendable (String) -> ImageLocation = {
            ImageLocation(url: "rbd://\(fsid)/\(pool)/\($0)/snap", metadata: ["store": "ceph"])
        }
        try await store.prepare()
        try await body(
            TestStore(
                store: store, put: { try await store.add(UUID().uuidString, $0) },
                contents: { try await TestCeph.images(in: pool) }, location: location,
                absent: { location("absent") }, takeAway: { try await server.stop() },
                bringBack: { try await server.start() }))
    }
}
