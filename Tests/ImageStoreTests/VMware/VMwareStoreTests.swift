import Foundation
import ImageModel
import ImageStore
import NIOCore
import OutgoingHTTP
import TestSupport
import Testing

@testable import VMwareDriver

/// What only the driver `vmware` does, with govmomi's vCenter simulator.
@Suite struct VMwareStoreTests {
    private static let bytes = Noise.bytes(300_000, seed: 21)

    // MARK: Start

    @Test func makesItsDirectoryAndChecksNames() async throws {
        try await VMwareTestStore.with(["DC0:LocalDS_0", "F0/DC1:LocalDS_1:5"]) { test async throws in
            try await test.store.check()
            #expect(!FileManager.default.fileExists(atPath: try VMwareTestStore.path(test.server)))
            try await test.store.prepare()
            try await test.store.prepare()
            #expect(FileManager.default.fileExists(atPath: try VMwareTestStore.path(test.server)))
            let location = try await test.store.add("image", Self.bytes)
            #expect(location.url.hasSuffix("/image?dsName=LocalDS_1&dcPath=F0%2FDC1"))
            #expect(try test.files("DC1-LocalDS_1") == ["image"])
            #expect(try await test.store.read(location) == Self.bytes)
            try await test.store.delete(location)
            #expect(try test.files("DC1-LocalDS_1") == [])
        }
    }

    @Test(arguments: ["DC0:LocalDS_9", "DC9:LocalDS_0"])
    func refusesADatastoreThatIsNotThere(_ name: String) async throws {
        try await VMwareTestStore.with(["DC0:LocalDS_0", name]) { test async throws in
            for attempt in [test.store.check, test.store.prepare] {
                let error = await #expect(throws: StoreError.self) { try await attempt() }
                guard case .badConfiguration(let text) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(text.hasPrefix("store here: vmware_datastores: "))
            }
        }
    }

    @Test func reportsAWrongPasswordWithoutTellingIt() async throws {
        let change = { @Sendable (settings: inout VMwareSettings, _: SupportServer) in
            settings.password = "wrong-secret"
        }
        try await VMwareTestStore.with(["DC0:LocalDS_0"], change) { test async throws in
            let refused = StoreError.permissionDenied("vCenter does not accept the user and the password")
            await #expect(throws: refused) { try await test.store.check() }
            await #expect(throws: refused) { try await test.store.open(test.location(of: "image"), range: nil) }
            await #expect(throws: refused) { try await test.store.add("image", [1]) }
        }
    }

    // MARK: TLS

    @Test func refusesAForeignCertificate() async throws {
        let foreign = { @Sendable (settings: inout VMwareSettings, server: SupportServer) in
            settings.tls.caFile = try server.setting("VSPHERE_OTHER_CA")
        }
        let system = { @Sendable (settings: inout VMwareSettings, _: SupportServer) in settings.tls.caFile = nil }
        for change in [foreign, system] {
            try await VMwareTestStore.with(["DC0:LocalDS_0"], change) { test async throws in
                for attempt in [test.store.check, { _ = try await test.store.add("image", [1]) }] {
                    await #expect(throws: StoreError.backend("vCenter: no trusted TLS connection")) {
                        try await attempt()
                    }
                }
            }
        }
    }

    @Test func acceptsAnyCertificateWhenToldTo() async throws {
        let change = { @Sendable (settings: inout VMwareSettings, _: SupportServer) in
            settings.tls.caFile = nil
            settings.tls.isInsecure = true
        }
        try await VMwareTestStore.with(["DC0:LocalDS_0"], change) { test async throws in
            try await test.store.prepare()
            #expect(try await test.store.read(test.store.add("image", [1, 2])) == [1, 2])
        }
    }

    @Test func refusesAFileWithoutCertificates() throws {
        var settings = try VMwareTestStore.settings([
            "VSPHERE_HOST": "vcenter", "VSPHERE_USER": "user", "VSPHERE_PASSWORD": "password",
        ])
        settings.tls.caFile = "/etc/hostname"
        let error = #expect(throws: StoreError.self) {
            try VMwareStore(identity: StoreIdentity(id: "here"), settings: settings)
        }
        guard case .badConfiguration(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.hasPrefix("store here: vmware_ca_file: ") && text.contains("/etc/hostname"))
    }

    // MARK: Datastores

    @Test func choosesByWeightAndFreeSpace() async throws {
        // The last one has the highest weight and room for 1 MiB.
        let names = ["DC0:LocalDS_0:1", "DC0:LocalDS_1:2", "DC0:LocalDS_2:3"]
        try await VMwareTestStore.with(names) { test async throws in
            try await test.store.prepare()
            try await test.store.add("small", Noise.bytes(1_000_000, seed: 1))
            try await test.store.add("large", Noise.bytes(2_000_000, seed: 2))
            #expect(try test.files("DC0-LocalDS_2") == ["small"])
            #expect(try test.files("DC0-LocalDS_1") == ["large"])
            await #expect(throws: StoreError.duplicate) { try await test.store.add("small", [1]) }
            try await test.store.publish("open", [1], uploadID: "a")
            #expect(try test.files("DC0-LocalDS_2") == ["open", "open.a.moving", "small"])
            try await test.store.discard(imageID: "open", uploadID: "a")
            #expect(try test.files("DC0-LocalDS_2") == ["small"])
        }
    }

    /// Known beforehand, and found on the way.
    @Test(arguments: [2_000_000, nil] as [Int64?])
    func reportsAFullDatastore(_ expectedSize: Int64?) async throws {
        try await VMwareTestStore.with(["DC0:LocalDS_2"]) { test async throws in
            try await test.store.prepare()
            await #expect(throws: StoreError.full) {
                let writer = try await test.store.makeWriter(
                    imageID: "image", uploadID: "upload", expectedSize: expectedSize)
                do {
                    try await writer.write(pieces: Noise.bytes(8_000_000, seed: 3))
                    _ = try await writer.commit()
                } catch {
                    await writer.cancel()
                    throw error
                }
            }
            #expect(try test.files("DC0-LocalDS_2") == [])
        }
    }

    // MARK: Transfers that are disturbed

    /// Blocks as large as the upload pipeline's.
    private static let block = ByteBuffer(bytes: Noise.bytes(1 << 20, seed: 9))
    private static let blocks = 48

    private static func isComplete(_ bytes: ByteBuffer) -> Bool {
        bytes.readableBytes == block.readableBytes * blocks
            && (0..<blocks).allSatisfy {
                bytes.getSlice(at: $0 * block.readableBytes, length: block.readableBytes) == block
            }
    }

    private func upload(_ store: VMwareStore, _ disturb: () async throws -> Void) async throws -> ImageLocation {
        let writer = try await store.makeWriter(
            imageID: "image", uploadID: "upload", expectedSize: Int64(Self.blocks << 20))
        do {
            for number in 0..<Self.blocks {
                if number == Self.blocks / 2 { try await disturb() }
                try await writer.write(Self.block)
            }
            return try await writer.commit()
        } catch {
            await writer.cancel()
            throw error
        }
    }

    private func download(
        _ store: VMwareStore, _ location: ImageLocation, _ disturb: () async throws -> Void
    ) async throws -> ByteBuffer {
        guard case .stream(_, let chunks) = try await store.open(location, range: nil) else { return ByteBuffer() }
        var bytes = ByteBuffer()
        for try await var chunk in chunks {
            if bytes.readableBytes == 0 { try await disturb() }
            bytes.writeBuffer(&chunk)
        }
        return bytes
    }

    @Test func sessionsThatEndAreMadeAnew() async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            try await test.endSessions()
            let location = try await upload(test.store) { try await test.endSessions() }
            #expect(try test.files() == ["image", "image.upload.moving"])
            try await test.endSessions()
            try await test.store.settle(StoreUpload(imageID: "image", uploadID: "upload"))
            try await test.endSessions()
            #expect(Self.isComplete(try await download(test.store, location) { try await test.endSessions() }))
            try await test.endSessions()
            try await test.store.delete(location)
            #expect(try test.files() == [])
        }
    }

    /// A client that takes its time.
    @Test(arguments: [3, nil] as [Int64?])
    func anUploadSurvivesASessionThatEndsBeforeItsFirstByte(_ size: Int64?) async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            let writer = try await test.store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: size)
            try await test.endSessions()
            try await writer.write([ByteBuffer(bytes: [1, 2, 3])])
            #expect(try await test.store.read(try await writer.commit()) == [1, 2, 3])
        }
    }

    @Test func aDownloadGoesOnAfterARestartOfTheServer() async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            let location = try await upload(test.store) {}
            let bytes = try await download(test.store, location) {
                try await test.server.stop()
                try await test.server.start()
            }
            #expect(Self.isComplete(bytes))
        }
    }

    @Test func aDownloadEndsWithAnErrorWhenTheServerStaysAway() async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            let location = try await upload(test.store) {}
            let error = await #expect(throws: StoreError.self) {
                try await download(test.store, location) { try await test.server.stop() }
            }
            #expect(error?.isOutage == true)
        }
    }

    @Test func anUploadEndsCleanlyWhenTheServerIsRestarted() async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            let error = await #expect(throws: StoreError.self) {
                try await upload(test.store) {
                    try await test.server.stop()
                    try await test.server.start()
                }
            }
            #expect(error?.isOutage == true, "\(String(describing: error))")
            #expect(try test.files() == [])
            let location = try await upload(test.store) {}
            #expect(try await test.store.size(of: location) == Int64(Self.blocks << 20))
        }
    }

    @Test func refusesAnUploadThatIsShorterThanAnnounced() async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            for count in [0, 10, 90] {
                let writer = try await test.store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 50)
                await #expect(throws: StoreError.self) {
                    try await writer.write(pieces: Noise.bytes(count, seed: 1))
                    _ = try await writer.commit()
                }
                await writer.cancel()
                #expect(try test.files() == [], "\(count)")
            }
        }
    }

    // MARK: Locations

    /// Neither the session nor any request goes to a host that a location names.
    @Test func contactsNoOtherHost() async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            let location = try await test.store.add("image", [1, 2, 3])
            let host = try test.server.setting("VSPHERE_HOST")
            let other = ImageLocation(
                url: location.url.replacing(host, with: "127.0.0.1:1"), metadata: location.metadata)
            #expect(!test.store.owns(other))
            #expect(try await test.store.read(other) == [1, 2, 3])
            for name in ["../x", "vm/disk.vmdk"] {
                let outside = ImageLocation(
                    url: "vsphere://\(host)/folder/openstack glance/\(name)?dsName=LocalDS_0&dcPath=DC0")
                #expect(!test.store.owns(outside))
                let error = await #expect(throws: StoreError.self) { try await test.store.delete(outside) }
                guard case .badLocation = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
    }

    // MARK: Python's store

    private func python(_ test: VMwareTestStore, _ commands: String...) async throws -> [String] {
        let environment =
            try await command(Project.support("fetch"), ["glance_store_vmware"])
            .split(separator: "\n").last ?? ""
        let output = try await command(
            "\(environment)/bin/python",
            ["-W", "ignore", Project.support("python/glance-store-vmware.py")]
                + [VMwareTestStore.directory.joined(separator: "/"), "DC0:LocalDS_0"] + commands,
            environment: test.server.settings)
        return output.split(separator: "\n").map(String.init)
    }

    @Test func sharesItsImagesWithPythonsStore() async throws {
        try await withTemporaryDirectory { directory in
            let (theirs, copy) = ("\(directory)/theirs", "\(directory)/copy")
            try Data(Self.bytes).write(to: URL(filePath: theirs))
            try await VMwareTestStore.with { test async throws in
                try await test.store.prepare()
                let ours = try await test.store.add("8b24d1bb-7f35-4c10-9b8d-5c34f1c9a001", Self.bytes)
                let image = "8b24d1bb-7f35-4c10-9b8d-5c34f1c9a002"
                let lines = try await python(
                    test, "add,\(image),\(theirs)", "size,\(ours.url)", "get,\(ours.url),\(copy)", "delete,\(ours.url)")
                #expect(Array(lines.dropFirst()) == ["300000", "300000", "None"])
                #expect(try Array(Data(contentsOf: URL(filePath: copy))) == Self.bytes)
                await #expect(throws: StoreError.notFound) { try await test.store.size(of: ours) }

                let location = try test.location(of: image)
                #expect(lines.first == location.url)
                #expect(test.store.owns(location))
                #expect(try await test.store.size(of: location) == 300_000)
                #expect(try await test.store.read(location) == Self.bytes)
                try await test.store.delete(location)
                #expect(try test.files() == [])
            }
        }
    }
}
