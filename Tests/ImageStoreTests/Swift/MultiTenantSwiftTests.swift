import Foundation
import Glibc
import ImageModel
import ImageStore
import TestSupport
import Testing

@testable import SwiftDriver

/// Images in the accounts of users.
@Suite struct MultiTenantSwiftTests {
    /// A user of the tests' Keystone, as a request brings it.
    private struct User {
        let context: StoreContext
        let projectID: String
        let userID: String
        let token: String
        let catalog: String

        init(_ name: String, _ service: SwiftService) async throws {
            let keystone = try Keystone(service.server)
            let answer = try await ImageClient(url: keystone.url).request(
                "POST", "/v3/auth/tokens",
                json: [
                    "auth": [
                        "identity": [
                            "methods": ["password"],
                            "password": [
                                "user": [
                                    "name": .string(name), "domain": ["id": "default"],
                                    "password": .string(keystone.password),
                                ]
                            ],
                        ],
                        "scope": ["project": ["name": .string(name), "domain": ["id": "default"]]],
                    ]
                ])
            let body = try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any]
            guard let token = answer.header("X-Subject-Token"), let facts = body?["token"] as? [String: Any],
                let project = (facts["project"] as? [String: Any])?["id"] as? String,
                let user = (facts["user"] as? [String: Any])?["id"] as? String, let catalog = facts["catalog"]
            else { throw TestFailure("no token for \(name): \(answer.text)") }
            self.init(
                fields: [
                    project, user, token,
                    String(decoding: try JSONSerialization.data(withJSONObject: catalog), as: UTF8.self),
                ])
        }

        /// What another process needs to be the same user.
        var fields: [String] { [projectID, userID, token, catalog] }

        init(fields: [String]) {
            (projectID, userID, token, catalog) = (fields[0], fields[1], fields[2], fields[3])
            context = StoreContext(
                user: .init(projectID: projectID, userID: userID, token: token, serviceCatalog: catalog))
        }
    }

    private func write(
        _ bytes: [UInt8], _ user: User, _ store: SwiftStore, size: Int64?
    ) async throws -> ImageLocation {
        let upload = StoreUpload(imageID: "image", uploadID: "upload")
        let writer = try await store.makeWriter(for: upload, expectedSize: size, context: user.context)
        try await writer.write(pieces: bytes)
        let location = try await writer.commit()
        try await store.settle(upload)
        return location
    }

    private func read(_ location: ImageLocation, _ user: User, _ store: SwiftStore) async throws -> [UInt8] {
        try await store.open(location, range: nil, context: user.context).bytes()
    }

    private func isRefused(_ location: ImageLocation, _ user: User, _ store: SwiftStore) async -> Bool {
        do {
            _ = try await read(location, user, store)
            return false
        } catch StoreError.permissionDenied {
            return true
        } catch {
            Issue.record("\(error)")
            return false
        }
    }

    @Test(arguments: [1000, 500_000])
    func sharesByContainer(size: Int) async throws {
        let service = try await SwiftService.keystone()
        let (owner, other) = (try await User("demo", service), try await User("demo2", service))
        let options = ["swift_store_multi_tenant": "true", "swift_store_admin_tenants": "operators"]
        try await withSwiftStore(options, service: service, segmentSize: 200_000) { store in
            let bytes = Noise.bytes(size, seed: 1)
            let location = try await write(bytes, owner, store, size: Int64(size))
            let place = try service.server.setting("SWIFT_URL").dropFirst("http://".count)
            let container = "\(store.settings.container)_image"
            #expect(location.url == "swift+http://\(place)/v1/AUTH_\(owner.projectID)/\(container)/image")
            #expect(store.owns(location))
            #expect(try await read(location, owner, store) == bytes)
            #expect(await isRefused(location, other, store))

            try await store.share(location, with: .projects([other.projectID]), context: owner.context)
            #expect(try await read(location, other, store) == bytes)
            try await store.share(location, with: .projects([]), context: owner.context)
            #expect(await isRefused(location, other, store))
            try await store.share(location, with: .everybody, context: owner.context)
            #expect(try await read(location, other, store) == bytes)
            await #expect(throws: StoreError.self) { try await store.delete(location, context: other.context) }

            let account = try await store.connections.client(
                UserSession(
                    storageURL: "http://\(place)/v1/AUTH_\(owner.projectID)", token: owner.token), requestID: nil)
            let (_, headers, _) = try await account.ask(.HEAD, .init(container))
            #expect(headers.first(name: "X-Container-Read") == "*:*")
            #expect(headers.first(name: "X-Container-Write") == "operators:*")
            try await store.delete(location, context: owner.context)
            #expect(try await account.ask(.HEAD, .init(container)).status == 404)
        }
    }

    /// A location may be anybody's text, and the token would go where it leads.
    @Test func sendsTokensToNobodyElse() async throws {
        let service = try await SwiftService.keystone()
        let user = try await User("demo", service)
        try await withServer("nginx") { web in
            try await withSwiftStore(["swift_store_multi_tenant": "true"], service: service) { store in
                let place = try web.setting("NGINX_URL").dropFirst("http://".count)
                let location = ImageLocation(url: "swift+http://\(place)/v1/AUTH_x/c/o")
                let error = await #expect(throws: StoreError.self) { try await read(location, user, store) }
                guard case .badLocation = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
        }
    }

    @Test func leavesNothingOfAnUploadThatIsGivenUp() async throws {
        let service = try await SwiftService.keystone()
        let user = try await User("demo", service)
        let options = ["swift_store_multi_tenant": "true", "swift_store_use_trusts": "false"]
        try await withSwiftStore(options, service: service, segmentSize: 200_000) { store in
            let dead = StoreUpload(imageID: "image", uploadID: "dead")
            _ = try await store.makeWriter(for: dead, expectedSize: nil, context: user.context)
            // Another process may do nothing in the user's account, as it is here; the next upload of the image may.
            let other = try SwiftStore.made(
                service.options(options.merging(["swift_store_container": store.settings.container]) { $1 }),
                segmentSize: 200_000)
            try await other.discard(dead, context: .service)
            #expect(try await other.leftovers(minimumAge: .zero) == [])
            let location = try await write(Noise.bytes(500_000, seed: 2), user, other, size: nil)
            let place = try service.server.setting("SWIFT_URL")
            let account = try await store.connections.client(
                UserSession(storageURL: "\(place)/v1/AUTH_\(user.projectID)", token: user.token), requestID: nil)
            var names: [String] = []
            try await account.list("\(store.settings.container)_image", prefix: "") { names += $0.map(\.name) }
            #expect(names == ["image", "image-upload-00001", "image-upload-00002", "image-upload-00003"])
            try await other.delete(location, context: user.context)
            await other.shutdown()
        }
    }

    /// Another process needs no role to clean up after an upload that has a trust.
    @Test func aTrustLetsAnotherProcessCleanUp() async throws {
        let service = try await SwiftService.keystone()
        let user = try await User("demo", service)
        let options = ["swift_store_multi_tenant": "true"]
        try await withSwiftStore(options, service: service, segmentSize: 200_000) { store in
            let upload = StoreUpload(imageID: "image", uploadID: "dead")
            let writer = try await store.makeWriter(for: upload, expectedSize: nil, context: user.context)
            try await writer.write(pieces: Noise.bytes(500_000, seed: 2))
            let other = try SwiftStore.made(
                service.options(options.merging(["swift_store_container": store.settings.container]) { $1 }),
                segmentSize: 200_000)
            try await TestStore.finally(other) {
                #expect(try await other.leftovers(minimumAge: .seconds(3600)) == [])
                #expect(try await other.leftovers(minimumAge: .zero).map(\.upload) == [upload])
                try await other.discard(upload, context: .service)
                #expect(try await other.leftovers(minimumAge: .zero) == [])
            }
            #expect(try await store.names() == [])
            await #expect(throws: StoreError.self) { try await writer.commit() }
            await writer.cancel()
            let place = try service.server.setting("SWIFT_URL")
            let account = try await store.connections.client(
                UserSession(storageURL: "\(place)/v1/AUTH_\(user.projectID)", token: user.token), requestID: nil)
            var names: [String] = []
            try await account.list("\(store.settings.container)_image", prefix: "") { names += $0.map(\.name) }
            #expect(names == [])
        }
    }

    /// Ten processes are killed at whatever they do just then. Another one, such as the scrubber, cleans up, as the service's
    /// own user where there is no trust.
    @Test func whatKilledUploadsLeaveIsFound() async throws {
        let service = try await SwiftService.keystone()
        let user = try await User("demo", service)
        let options = service.options([
            "swift_store_multi_tenant": "true", "swift_store_user": "service:reseller",
        ])
        for round in 0..<10 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [options = options as [String: String], fields = user.fields as [String], round = round as Int] in
                let store = try SwiftStore.made(options, segmentSize: 200_000)
                let context = User(fields: fields).context
                // Whatever is asked for at first takes longest.
                _ = try await store.leftovers(minimumAge: .seconds(3600))
                let bytes = Noise.bytes(500_000, seed: 4)
                let delay = UInt32.random(in: 0..<1_000_000)
                Thread.detachNewThread {
                    usleep(delay)
                    kill(getpid(), SIGKILL)
                }
                for number in 0... {
                    let upload = StoreUpload(imageID: "image-\(round)-\(number)", uploadID: "upload")
                    let writer = try await store.makeWriter(for: upload, expectedSize: 500_000, context: context)
                    try await writer.write(pieces: bytes)
                    _ = try await writer.commit()
                }
            }
        }
        let store = try SwiftStore.made(options, segmentSize: 200_000)
        try await TestStore.finally(store) {
            #expect(try await store.leftovers(minimumAge: .seconds(3600)) == [])
            #expect(try await !store.leftovers(minimumAge: .zero).isEmpty)
            let account = try await store.connections.client(
                UserSession(
                    storageURL: try service.server.setting("SWIFT_URL") + "/v1/AUTH_\(user.projectID)",
                    token: user.token), requestID: nil)
            func left() async throws -> String {
                let (_, _, list) = try await account.ask(.GET, .init(""), query: "prefix=\(store.settings.container)")
                return String(buffer: list)
            }
            // Swift may still be busy with what the last ones have sent.
            let end = ContinuousClock.now + .seconds(20)
            repeat {
                for leftover in try await store.leftovers(minimumAge: .zero) {
                    #expect(leftover.size <= 500_000)
                    try await store.discard(leftover.upload, context: .service)
                }
                try await Task.sleep(for: .milliseconds(50))
            } while try await left() != "" && ContinuousClock.now < end
            #expect(try await left() == "")
            #expect(try await store.names() == [])
        }
    }

    /// A user's token ends in mid-upload, and a trust goes on; nothing is left of the trust.
    @Test func anUploadOutlivesTheUsersToken() async throws {
        try await withServer("swift-keystone", ["KEYSTONE_TOKEN_SECONDS": "8"]) { server in
            let service = try SwiftService(keystone: server)
            try await withSwiftStore(
                ["swift_store_multi_tenant": "true"], service: service, segmentSize: 200_000
            ) { store in
                let user = try await User("demo", service)
                let upload = StoreUpload(imageID: "image", uploadID: "upload")
                let writer = try await store.makeWriter(for: upload, expectedSize: nil, context: user.context)
                let bytes = Noise.bytes(700_000, seed: 3)
                try await writer.write(pieces: Array(bytes[..<300_000]))
                let keystone = ImageClient(url: try server.setting("KEYSTONE_URL"), token: user.token)
                let trusts = "/v3/OS-TRUST/trusts?trustor_user_id=\(user.userID)"
                let during = try await keystone.request("GET", trusts)
                #expect(during.json["trusts"].array.count == 1)
                while try await keystone.request("GET", trusts).status == 200 { await Task.yield() }
                try await writer.write(pieces: Array(bytes[300_000...]))
                let location = try await writer.commit()
                try await store.settle(upload)
                let again = try await User("demo", service)
                #expect(try await read(location, again, store) == bytes)
                let after = ImageClient(url: try server.setting("KEYSTONE_URL"), token: again.token)
                #expect(try await after.request("GET", trusts).json["trusts"].array.count == 0)
            }
        }
    }
}
