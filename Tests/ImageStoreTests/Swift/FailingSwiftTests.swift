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

    /// Swift's own tokens live for six seconds here.
    @Test func anUploadOutlivesItsToken() async throws {
        try await withServer("swift", ["SWIFT_TOKEN_SECONDS": "6"]) { server in
            let service = try SwiftService(tempAuth: server)
            try await withSwiftStore(service: service, segmentSize: 1_000_000) { store in
                let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 5_000_000)
                let bytes = Noise.bytes(5_000_000, seed: 3)
                try await writer.write(pieces: Array(bytes[..<1_500_000]))
                try await awaitEnd(of: store.client().session.access(), store)
                try await writer.write(pieces: Array(bytes[1_500_000...]))
                let location = try await writer.commit()
                #expect(try await store.read(location) == bytes)
            }
        }
    }

    /// Keystone takes the token back, as somebody does who changes a password.
    @Test func transfersSurviveTheEndOfAKeystoneToken() async throws {
        try await withServer("swift-keystone", ["SWIFT_TOKEN_CACHE_SECONDS": "-1"]) { server in
            let service = try SwiftService(keystone: server)
            let options = ["swift_store_retry_get_count": "10"]
            try await withSwiftStore(options, service: service, segmentSize: 10_000_000) { store in
                func endToken() async throws {
                    let access = try await store.client().session.access()
                    let answer = try await ImageClient(url: server.setting("KEYSTONE_URL"), token: access.token)
                        .request(
                            "DELETE", "/v3/auth/tokens", headers: [("X-Subject-Token", access.token)])
                    #expect(answer.status == 204)
                    try await awaitEnd(of: access, store)
                }
                let bytes = Noise.bytes(40_000_000, seed: 3)
                let upload = StoreUpload(imageID: "image", uploadID: "upload")
                let writer = try await store.makeWriter(for: upload, expectedSize: 40_000_000, context: .service)
                try await writer.write(pieces: Array(bytes[..<15_000_000]))
                try await endToken()
                try await writer.write(pieces: Array(bytes[15_000_000...]))
                let location = try await writer.commit()
                try await store.settle(upload)

                guard case .stream(_, let chunks) = try await store.open(location, range: nil) else {
                    Issue.record("no stream")
                    return
                }
                var received: [UInt8] = []
                for try await chunk in chunks {
                    if received.isEmpty {
                        try await endToken()
                        // What comes after this is asked for anew.
                        try await service.server.stop()
                        try await service.server.start()
                    }
                    received += chunk.readableBytesView
                }
                #expect(received == bytes)
                try await endToken()
                try await store.delete(location)
                #expect(try await store.names() == [])
            }
        }
    }

    /// Until Swift refuses a token that the store has had.
    private func awaitEnd(of access: SwiftAccess, _ store: SwiftStore) async throws {
        let client = try await store.client()
        let old = SwiftClient(
            control: client.control, data: client.data,
            session: UserSession(storageURL: access.storageURL, token: access.token))
        while try await old.ask(.HEAD, .init(store.settings.container)).status != 401 {
            try await Task.sleep(for: .milliseconds(50))
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

    @Test func certificatesThatAreNotThereAreABadConfiguration() async throws {
        let options = ["swift_store_cacert": "/nowhere/ca.pem", "swift_store_auth_address": "https://keystone/v3"]
        let store = try SwiftStore.made(
            options.merging(["swift_store_user": "service:glance", "swift_store_key": "key"]) { $1 })
        let expected = StoreError.badConfiguration(
            "store swift: swift_store_cacert: certificates of authorities cannot be read from /nowhere/ca.pem")
        await #expect(throws: expected) { try await store.prepare() }
        await store.shutdown()
    }
}
