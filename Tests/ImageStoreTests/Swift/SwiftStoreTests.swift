import Foundation
import ImageModel
import ImageStore
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import SwiftDriver

/// What only a Swift can do to a store.
@Suite struct SwiftStoreTests {
    // MARK: Names

    @Test func writesLargeImagesInSegments() async throws {
        try await withSwiftStore(segmentSize: 300_000) { store in
            let bytes = Noise.bytes(1_000_000, seed: 1)
            let location = try await store.add("image", bytes)
            #expect(
                try await store.names() == [
                    "image", "image-upload-00001", "image-upload-00002", "image-upload-00003", "image-upload-00004",
                ])
            let facts = try await store.client().facts(.init(store.settings.container, "image"))
            #expect(facts?.manifest == "\(store.settings.container)/image-upload-")
            #expect(facts?.size == 1_000_000)
            #expect(try await store.read(location, range: 299_990..<600_010) == Array(bytes[299_990..<600_010]))
            try await store.delete(location)
            #expect(try await store.names() == [])
        }
    }

    /// The forms of locations are in `SwiftLocationTests`.
    @Test func findsTheAccountOfALocation() async throws {
        let service = try await SwiftService.keystone()
        try await withSwiftStore(service: service) { store in
            let location = try await store.add("image", [1, 2])
            let address = try #require(service.login["swift_store_auth_address"]).dropFirst("http://".count)
            let key = try #require(service.login["swift_store_key"])
            let container = store.settings.container
            #expect(location.url == "swift+http://service%3Aglance:\(key)@\(address)/\(container)/image")
            for url in [
                // Written before the password was changed, and with another version of Keystone.
                "swift+http://service%3Aglance:old@\(address)/\(container)/image",
                "swift+http://service:glance:old@\(address.dropLast(2))v2.0/\(container)/image",
            ] {
                #expect(store.owns(ImageLocation(url: url)))
                #expect(try await store.read(ImageLocation(url: url)) == [1, 2])
            }
            for url in ["swift+config://other/\(container)/image", "swift+https://keystone.example/v3/c/image"] {
                #expect(!store.owns(ImageLocation(url: url)))
                await #expect(throws: StoreError.self) { try await store.size(of: ImageLocation(url: url)) }
            }
        }
    }

    /// The service's credentials would find what the client may not have.
    @Test func clientsMaySetNoLocationsOfOthers() throws {
        let options = [
            "swift_store_auth_address": "http://keystone/v3", "swift_store_user": "service:glance",
            "swift_store_key": "key",
        ]
        let store = try SwiftStore.made(options)
        #expect(store.accepts(ImageLocation(url: "swift+http://service%3Aglance:key@keystone/v3/glance/image")))
        for url in [
            "swift+http://service%3Aglance:guessed@keystone/v3/glance/image", "swift+http://keystone/v3/glance/image",
            "swift+https://service%3Aglance:key@keystone/v3/glance/image", "swift+config://ref1/glance/image",
            "swift+http://a%3Ab:key@keystone/v3/glance/image", "swift+http://a%3Ab:key@other/v3/glance/image",
            "swift+http://keystone/image",
        ] {
            #expect(!store.accepts(ImageLocation(url: url)), "\(url)")
        }
        let multiTenant = try SwiftStore.made(options.merging(["swift_store_multi_tenant": "true"]) { $1 })
        #expect(!multiTenant.accepts(ImageLocation(url: "swift+http://swift/v1/AUTH_x/glance_image/image")))
    }

    @Test func removesTheSegmentsOfStaticLargeObjects() async throws {
        try await withSwiftStore { store in
            try await store.add("other", [1])
            let (client, container) = (try await store.client(), store.settings.container)
            for part in ["a", "b"] { try await client.put(.init(container, "s/\(part)"), ByteBuffer(string: "123")) }
            let manifest = #"[{"path": "/\#(container)/s/a"}, {"path": "/\#(container)/s/b"}]"#
            let (status, _, _) = try await client.ask(
                .PUT, .init(container, "image"), query: "multipart-manifest=put", body: ByteBuffer(string: manifest))
            #expect(status == 201)
            let location = try store.location(of: "image")
            #expect(try await store.read(location) == Array("123123".utf8))
            try await store.delete(location)
            #expect(try await store.names() == ["other"])
        }
    }

    // MARK: Containers and access

    @Test func wantsAContainerThatItMayNotCreate() async throws {
        try await withSwiftStore(["swift_store_create_container_on_put": "false"]) { store in
            let error = await #expect(throws: StoreError.self) { try await store.check() }
            guard case .badConfiguration(let text) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(text.contains(store.settings.container))
            await #expect(throws: StoreError.self) { try await store.add("image", [1]) }
            try await store.client().put(.init(store.settings.container))
            try await store.check()
            try await store.add("image", [1])
        }
    }

    @Test func tellsWrongCredentials() async throws {
        let service = try await SwiftService.tempAuth()
        try await withSwiftStore(["swift_store_key": "wrong"], service: service) { store in
            let error = await #expect(throws: StoreError.self) { try await store.check() }
            guard case .permissionDenied = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let writing = await #expect(throws: StoreError.self) { try await store.add("image", [1]) }
            #expect(writing?.isOutage == true)
        }
        try await withSwiftStore(["swift_store_key": "wrong"]) { store in
            let error = await #expect(throws: StoreError.self) { try await store.check() }
            #expect(error?.isOutage == true)
            #expect(error?.text?.contains("wrong") != true)
        }
    }

    // MARK: What Python Glance leaves

    /// Segments without an image, of a process that has died.
    @Test func removesSegmentsThatGlanceStoreHasLeft() async throws {
        try await withSwiftStore { store in
            try await store.add("image-1", [1])
            let (client, container) = (try await store.client(), store.settings.container)
            for name in ["image-00001", "image-00002", "image-x", "image-1-00001"] {
                try await client.put(.init(container, name), ByteBuffer(string: "1"))
            }
            try await store.discardForeign(imageID: "image", minimumAge: .seconds(3600), context: .service)
            #expect(try await store.names().count == 5)
            try await store.discardForeign(imageID: "image", minimumAge: .zero, context: .service)
            #expect(try await store.names() == ["image-1", "image-1-00001", "image-x"])
        }
    }

    // MARK: Leftovers

    @Test func listsWhatWritersHaveLeft() async throws {
        try await withSwiftStore(["swift_store_multiple_containers_seed": "2"], segmentSize: 200_000) { store in
            try await store.add("kept", [1])
            let writer = try await store.makeWriter(imageID: "image", uploadID: "first", expectedSize: nil)
            try await writer.write(pieces: Noise.bytes(500_000, seed: 1))
            let upload = StoreUpload(imageID: "image", uploadID: "first")
            #expect(try await store.leftovers(minimumAge: .seconds(3600)) == [])
            // The second segment may still be on its way, and the third is not complete.
            let found = try await store.leftovers(minimumAge: .zero)
            #expect(found.map(\.upload) == [upload])
            #expect([200_000, 400_000].contains(found.first?.size))
            try await store.settle(upload)
            #expect(try await store.leftovers(minimumAge: .zero) == [])
            await writer.cancel()
            #expect(try await store.names() == ["kept"])

            // Complete: only the mark goes.
            let location = try await store.publish("image", Noise.bytes(500_000, seed: 2), uploadID: "second")
            #expect(try await store.leftovers(minimumAge: .zero).map(\.size) == [500_000])
            try await store.settle(StoreUpload(imageID: "image", uploadID: "second"))
            #expect(try await store.read(location) == Noise.bytes(500_000, seed: 2))
        }
    }

    @Test func goesOnWithADiscardThatWasKilled() async throws {
        try await withSwiftStore(segmentSize: 200_000) { store in
            try await store.publish("image", Noise.bytes(500_000, seed: 2), uploadID: "upload")
            let names = try UploadNames(StoreUpload(imageID: "image", uploadID: "upload"))
            let (client, container) = (try await store.client(), store.settings.container)
            try await client.put(.init(container, names.mark(.gone)))
            try await client.delete(.init(container, names.mark(.part)))
            try await client.delete(.init(container, "image"))
            try await client.delete(.init(container, names.segment(2)))
            try await store.discard(imageID: "image", uploadID: "upload")
            #expect(try await store.names() == [])
        }
    }

    /// Killed at whatever it does just then, fifty times: the records of the uploads are enough to find what is left.
    @Test func leavesNothingThatItsRecordsDoNotFind() async throws {
        let service = try await SwiftService.tempAuth()
        let options = service.options()
        try await withSwiftStore(options, service: service, segmentSize: 300_000) { store in
            // The container is there, so that a round is short.
            try await store.add("kept", [1])
            for round in 0..<50 {
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [options = options as [String: String], round = round as Int] in
                    let store = try SwiftStore.made(options, segmentSize: 300_000)
                    let bytes = Noise.bytes(1_000_000, seed: 6)
                    _ = try await store.client().exists(.init(store.settings.container, "kept"))
                    let delay = UInt32.random(in: 0..<120_000)
                    Thread.detachNewThread {
                        usleep(delay)
                        kill(getpid(), SIGKILL)
                    }
                    for upload in 0... {
                        let size = upload % 2 == 0 ? 1_000_000 : 100_000
                        try await store.publish(
                            "image-\(round)", Array(bytes[..<size]), uploadID: "\(round)-\(upload)")
                        try await store.discard(imageID: "image-\(round)", uploadID: "\(round)-\(upload)")
                    }
                }
            }
            // Swift may still be busy with what the last ones have sent.
            let end = ContinuousClock.now + .seconds(20)
            repeat {
                for leftover in try await store.leftovers(minimumAge: .zero) {
                    try await store.discard(leftover.upload, context: .service)
                }
                try await store.add("probe", [2])
                try await store.delete(store.location(of: "probe"))
            } while try await store.names() != ["kept"] && ContinuousClock.now < end
            #expect(try await store.names() == ["kept"])
        }
    }
}
