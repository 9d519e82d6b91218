import Foundation
import ImageModel
import ImageStore
import NIOCore
import TestSupport
import Testing

@testable import SwiftDriver

/// What can go wrong in the middle.
@Suite struct FailingSwiftTests {
    @Test func aRestartInMidUploadEndsItCleanly() async throws {
        let service = try await SwiftService.tempAuth()
        try await withSwiftStore(service: service, segmentSize: 2_000_000) { store in
            let writer = try await store.makeWriter(imageID: "image", uploadID: "first", expectedSize: 12_000_000)
            let bytes = Noise.bytes(12_000_000, seed: 1)
            try await writer.write(pieces: Array(bytes[..<5_000_000]))
            try await service.server.stop()
            let error = await #expect(throws: StoreError.self) {
                try await writer.write(pieces: Array(bytes[5_000_000...]))
                _ = try await writer.commit()
            }
            #expect(error?.isOutage == true, "\(String(describing: error))")
            await writer.cancel()
            try await service.server.start()
            // Nobody could be asked to remove anything; the record tells what there is.
            try await store.discard(imageID: "image", uploadID: "first")
            #expect(try await store.names() == [])
            let location = try await store.add("image", bytes)
            #expect(try await store.read(location) == bytes)
        }
    }

    @Test(arguments: [0, 10])
    func aRestartInMidDownloadIsSurvivedWithRetries(_ retries: Int) async throws {
        let service = try await SwiftService.tempAuth()
        try await withSwiftStore(
            ["swift_store_retry_get_count": "\(retries)"], service: service, segmentSize: 10_000_000
        ) { store in
            let bytes = Noise.bytes(40_000_000, seed: 2)
            let location = try await store.add("image", bytes)
            guard case .stream(let size?, let chunks) = try await store.open(location, range: 1..<40_000_000) else {
                Issue.record("no stream")
                return
            }
            #expect(size == 39_999_999)
            var iterator = chunks.makeAsyncIterator()
            var received: [UInt8] = []
            while received.count < 1_000_000, let chunk = try await iterator.next() {
                received += chunk.readableBytesView
            }
            try await service.server.stop()
            let starting = Task { try await service.server.start() }
            do {
                while let chunk = try await iterator.next() { received += chunk.readableBytesView }
                #expect(retries > 0)
                #expect(received == Array(bytes[1...]))
            } catch let error as StoreError {
                #expect(retries == 0)
                #expect(error.isOutage)
                #expect(received == Array(bytes[1...received.count]))
            }
            try await starting.value
            #expect(try await store.read(location, range: 5..<10) == Array(bytes[5..<10]))
        }
    }

    /// Swift's own tokens live for two seconds here, and Keystone's for a few.
    @Test func transfersOutliveTheirToken() async throws {
        try await withServer("swift", ["SWIFT_TOKEN_SECONDS": "2"]) { server in
            let service = try SwiftService(tempAuth: server)
            try await withSwiftStore(service: service, segmentSize: 1_000_000) { store in
                let client = try await store.client()
                let first = try await client.session.access()
                let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 5_000_000)
                let bytes = Noise.bytes(5_000_000, seed: 3)
                try await writer.write(pieces: Array(bytes[..<1_500_000]))
                let old = SwiftClient(
                    control: client.control, data: client.data,
                    session: UserSession(storageURL: first.storageURL, token: first.token))
                while try await old.ask(.HEAD, .init(store.settings.container)).status != 401 { await Task.yield() }
                try await writer.write(pieces: Array(bytes[1_500_000...]))
                let location = try await writer.commit()
                #expect(try await store.read(location) == bytes)
            }
        }
    }

    /// A token that Swift refuses before its time; it does not know it any more after its cache was emptied.
    @Test func aRevokedTokenIsReplaced() async throws {
        let service = try await SwiftService.tempAuth()
        try await withSwiftStore(service: service, segmentSize: 1_000_000) { store in
            let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 3_000_000)
            let bytes = Noise.bytes(3_000_000, seed: 4)
            // Exactly one segment: none is on its way while Swift is away.
            try await writer.write([ByteBuffer(bytes: bytes[..<1_000_000])])
            let before = try await store.client().session.access().token
            while try await store.names().count < 2 { await Task.yield() }
            try await service.server.stop()
            try await service.server.start()
            try await writer.write([ByteBuffer(bytes: bytes[1_000_000...])])
            let location = try await writer.commit()
            #expect(try await store.client().session.access().token != before)
            #expect(try await store.read(location) == bytes)
        }
    }

    @Test(arguments: [false, true], [Int64.max, 1_000_000])
    func aFullQuotaIsToldAsSuch(isSizeKnown: Bool, segmentSize: Int64) async throws {
        try await withSwiftStore(segmentSize: segmentSize == .max ? nil : segmentSize) { store in
            try await store.add("kept", [1])
            let (status, _, _) = try await store.client().ask(
                .POST, .init(store.settings.container), headers: ["X-Container-Meta-Quota-Bytes": "1500000"])
            #expect(status == 204)
            let bytes = Noise.bytes(5_000_000, seed: 5)
            // Without a length Swift looks at what there is before.
            guard isSizeKnown || segmentSize != .max else { return }
            let writer = try await store.makeWriter(
                imageID: "image", uploadID: "upload", expectedSize: isSizeKnown ? 5_000_000 : nil)
            await #expect(throws: StoreError.full) {
                try await writer.write(pieces: bytes)
                _ = try await writer.commit()
            }
            await writer.cancel()
            #expect(try await store.names() == ["kept"])
        }
    }

    @Test(arguments: [nil, 3_000_000] as [Int64?])
    func objectsThatAreTooLargeAreToldAsSuch(_ size: Int64?) async throws {
        try await withServer("swift", ["SWIFT_MAX_FILE_SIZE": "1048576"]) { server in
            let service = try SwiftService(tempAuth: server)
            try await withSwiftStore(service: service) { store in
                let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: size)
                await #expect(throws: StoreError.full) {
                    try await writer.write(pieces: Noise.bytes(3_000_000, seed: 5))
                    _ = try await writer.commit()
                }
                await writer.cancel()
                #expect(try await store.names() == [])
            }
        }
    }

    @Test func aForeignCertificateIsNotTrusted() async throws {
        try await withTemporaryDirectory { directory in
            let (key, certificate) = ("\(directory)/key.pem", "\(directory)/cert.pem")
            try await command(
                "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
                ])
            let environment = ["SWIFT_CERTIFICATE": certificate, "SWIFT_PRIVATE_KEY": key]
            try await withServer("swift", environment) { server in
                let service = try SwiftService(tempAuth: server)
                try await withSwiftStore(service: service) { store in
                    let error = await #expect(throws: StoreError.self) { try await store.add("image", [1]) }
                    #expect(error?.isOutage == true)
                    #expect(error?.text?.contains("TLS") == true, "\(String(describing: error))")
                }
                for option in ["swift_store_cacert": certificate, "swift_store_auth_insecure": "true"] {
                    try await withSwiftStore([option.key: option.value], service: service) { store in
                        let location = try await store.add("image", Noise.bytes(1_000_000, seed: 1))
                        #expect(location.url.hasPrefix("swift+https://"))
                        #expect(try await store.read(location) == Noise.bytes(1_000_000, seed: 1))
                    }
                }
                try await withSwiftStore(["swift_store_cacert": "\(directory)/none"], service: service) { _ in
                    Issue.record("a store without its certificates has started")
                } throws: {
                    $0
                        == .badConfiguration(
                            "store swift: swift_store_cacert: certificates of authorities cannot be read from \(directory)/none"
                        )
                }
            }
        }
    }
}

/// Runs `withSwiftStore`, which is to fail.
private func withSwiftStore(
    _ options: [String: String], service: SwiftService, _ body: (SwiftStore) async throws -> Void,
    throws isExpected: (StoreError) -> Bool
) async throws {
    let error = await #expect(throws: StoreError.self) {
        try await withSwiftStore(options, service: service, body)
    }
    if let error { #expect(isExpected(error), "\(error)") }
}
