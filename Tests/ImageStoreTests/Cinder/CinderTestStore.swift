import Foundation
import Identity
import ImageModel
import ImageStore
import JSON
import Logging
import NFSMount
import NIOCore
import TestSupport

@testable import CinderDriver

/// A store on the Cinder of the tests, in a project of its own.
struct CinderTestStore: Sendable {
    let server: SupportServer
    let store: CinderStore
    let project: String
    let projectID: String
    let settings: CinderSettings
    /// Asks Cinder as the store does.
    let client: ImageClient

    /// The kinds of volumes, by their types.
    enum Kind: String, CaseIterable, Sendable {
        case rbd, nfs
    }

    /// - Parameter mountHelper: path of the mount helper's socket.
    static func settings(
        _ values: [String: String], project: String, _ kind: Kind = .rbd, mountHelper: String = "/nowhere"
    ) throws -> CinderSettings {
        guard let url = values["KEYSTONE_URL"], let password = values["KEYSTONE_PASSWORD"],
            let keyring = values["CINDER_KEYRING"]
        else { throw TestFailure("the starter said too little") }
        var settings = CinderSettings(
            account: KeystoneSettings(
                authURL: url, credentials: .password(.name("glance", .id("default")), password: password),
                scope: .project(project, .id("default"))))
        settings.volumeType = kind.rawValue
        settings.mountHelper = MountClient(socket: mountHelper)
        settings.mountPoints = "/nowhere"
        settings.exportList = "/nowhere"
        settings.cephOptions["keyring"] = keyring
        return settings
    }

    static func store(_ settings: CinderSettings) throws -> CinderStore {
        try CinderStore(
            identity: StoreIdentity(id: "here"), settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    static func with(
        _ kind: Kind = .rbd, _ change: @escaping @Sendable (inout CinderSettings) -> Void = { _ in },
        _ body: @escaping @Sendable (CinderTestStore) async throws -> Void
    ) async throws {
        let server = try await SharedServer.named("cinder")
        switch kind {
        case .rbd: try await with(server, kind, mountHelper: "/nowhere", change, body)
        case .nfs:
            let environment = [
                "GLANCE_MOUNT": Project.mountHelper,
                "MOUNT_EXPORTS": try ["", "-qcow2"].map { try server.setting("CINDER_EXPORT") + $0 }
                    .joined(separator: "\n"),
            ]
            try await withServer("mount-helper", environment) { helper in
                try await with(server, kind, mountHelper: helper.setting("MOUNT_SOCKET"), change, body)
            }
        }
    }

    private static func with(
        _ server: SupportServer, _ kind: Kind, mountHelper: String, _ change: @Sendable (inout CinderSettings) -> Void,
        _ body: @Sendable (CinderTestStore) async throws -> Void
    ) async throws {
        let project = try await makeProject(server)
        var settings = try settings(server.settings, project: project, kind, mountHelper: mountHelper)
        change(&settings)
        let store = try store(settings)
        let (token, id) = try await Keystone(server).authenticate("glance", project: project)
        let client = ImageClient(url: try server.setting("CINDER_URL") + "/v3/\(id)", token: token)
        try await TestStore.finally(store) {
            try await store.prepare()
            try await body(
                CinderTestStore(
                    server: server, store: store, project: project, projectID: id, settings: settings, client: client))
        }
    }

    /// A project in which the user glance may do what a service does.
    private static func makeProject(_ server: SupportServer) async throws -> String {
        let keystone = try Keystone(server)
        let name = "cinder-\(UUID().uuidString)"
        let client = ImageClient(url: keystone.url, token: try await keystone.token("admin", project: "admin"))
        let project = try await client.expect(
            201, "POST", "/v3/projects", json: ["project": ["name": .string(name), "domain_id": "default"]]
        ).json["project"]["id"].string
        let user = try await client.expect(200, "GET", "/v3/users?name=glance").json["users"].array.first?["id"].string
        let role = try await client.expect(200, "GET", "/v3/roles?name=member").json["roles"].array.first?["id"].string
        guard let project, let user, let role else { throw TestFailure("Keystone lacks what the tests need") }
        try await client.expect(204, "PUT", "/v3/projects/\(project)/users/\(user)/roles/\(role)")
        return name
    }

    /// The volumes of the project.
    func volumes() async throws -> [TestSupport.JSON] {
        try await client.expect(200, "GET", "/volumes/detail").json["volumes"].array
    }
}

extension TestStore {
    static func withCinder(
        _ kind: CinderTestStore.Kind, _ body: @escaping @Sendable (TestStore) async throws -> Void
    ) async throws {
        try await CinderTestStore.with(kind) { test async throws in
            try await body(
                TestStore(
                    store: test.store, put: { try await test.store.add(UUID().uuidString, $0) },
                    contents: {
                        try await test.volumes().compactMap(\.["name"].string).map {
                            String($0.dropFirst("image-".count))
                        }
                    },
                    // Nobody knows a volume's id before it is made; there is none of this one.
                    location: { _ in absentVolume }, absent: { absentVolume },
                    takeAway: { try await test.server.stop() }, bringBack: { try await test.server.start() }))
        }
    }

    private static let absentVolume = ImageLocation(
        url: "cinder://here/00000000-0000-4000-8000-000000000000", metadata: ["store": "here"])
}
