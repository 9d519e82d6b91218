import Foundation
import ImageModel
import ImageStore
import NIOCore
import OutgoingHTTP
import TestSupport

@testable import VMwareDriver

/// A store on a vCenter of the tests.
struct VMwareTestStore: Sendable {
    let server: SupportServer
    let store: VMwareStore

    static let directory = ["openstack glance", "images"]

    /// The settings of a store on the server: `LocalDS_0` of `DC0`, unless others are named.
    static func settings(
        _ server: SupportServer, _ datastores: [String] = ["DC0:LocalDS_0"]
    ) throws -> VMwareSettings {
        try settings(server.settings, datastores)
    }

    /// - Parameter values: what the server's starter says.
    static func settings(
        _ values: [String: String], _ datastores: [String] = ["DC0:LocalDS_0"]
    ) throws -> VMwareSettings {
        guard let address = values["VSPHERE_HOST"].flatMap(VSphereAddress.init), let user = values["VSPHERE_USER"],
            let password = values["VSPHERE_PASSWORD"]
        else { throw TestFailure("the starter said too little") }
        var settings = VMwareSettings(
            server: address, user: user, password: password,
            datastores: try datastores.map { try VMwareSettings.Datastore(option: $0) })
        settings.tls.caFile = values["VSPHERE_CA"]
        settings.directory = directory
        settings.retries = 2
        return settings
    }

    /// Runs `body` with an empty store.
    static func with(
        _ datastores: [String] = ["DC0:LocalDS_0"],
        _ change: @escaping @Sendable (inout VMwareSettings, SupportServer) throws -> Void = { _, _ in },
        _ body: @escaping @Sendable (VMwareTestStore) async throws -> Void
    ) async throws {
        try await withServer("vsphere") { server in
            var settings = try settings(server, datastores)
            try change(&settings, server)
            let store = try VMwareStore(identity: StoreIdentity(id: "here"), settings: settings)
            try await TestStore.finally(store) { try await body(VMwareTestStore(server: server, store: store)) }
        }
    }

    /// Names of the files in the directory of images.
    func files(_ datastore: String = "DC0-LocalDS_0") throws -> [String] {
        try Self.files(server, datastore)
    }

    static func files(_ server: SupportServer, _ datastore: String = "DC0-LocalDS_0") throws -> [String] {
        let path = try path(server, datastore)
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    /// The directory of images on this machine.
    static func path(_ server: SupportServer, _ datastore: String = "DC0-LocalDS_0") throws -> String {
        ([try server.setting("VSPHERE_DATA"), datastore] + directory).joined(separator: "/")
    }

    func location(of imageID: String, _ datastore: String = "LocalDS_0") throws -> ImageLocation {
        try Self.location(of: imageID, server, datastore)
    }

    static func location(
        of imageID: String, _ server: SupportServer, _ datastore: String = "LocalDS_0"
    ) throws -> ImageLocation {
        let host = try server.setting("VSPHERE_HOST")
        return ImageLocation(
            url:
                "vsphere://\(host)/folder/\(directory.joined(separator: "/"))/\(imageID)?dsName=\(datastore)&dcPath=DC0",
            metadata: ["store": "here"])
    }

    /// Ends all sessions, as a server does with those that are not used. They have ended when it returns.
    func endSessions() async throws {
        let ending = try server.setting("VSPHERE_DATA") + "/ending"
        guard FileManager.default.createFile(atPath: ending, contents: nil),
            let process = pid_t(try server.setting("SERVER_PID")), kill(process, SIGUSR1) == 0
        else { throw TestFailure("cannot end the sessions") }
        let end = ContinuousClock.now + .seconds(30)
        while FileManager.default.fileExists(atPath: ending) {
            guard .now < end else { throw TestFailure("the sessions do not end") }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}

extension TestStore {
    static func withVMware(_ body: @escaping @Sendable (TestStore) async throws -> Void) async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            let server = test.server
            // Fails here and not where it cannot.
            _ = try test.location(of: "absent")
            @Sendable func location(_ name: String) -> ImageLocation {
                (try? VMwareTestStore.location(of: name, server)) ?? ImageLocation(url: "")
            }
            try await body(
                TestStore(
                    store: test.store, put: { try await test.store.add(UUID().uuidString, $0) },
                    contents: {
                        // The files of an upload are one thing, however many there are just now.
                        Set(try test.files().map { $0.split(separator: ".").prefix(2).joined(separator: ".") }).sorted()
                    },
                    location: location, absent: { location("absent") }, takeAway: { try await server.stop() },
                    bringBack: { try await server.start() }))
        }
    }
}
