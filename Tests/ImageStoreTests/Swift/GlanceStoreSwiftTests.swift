import Foundation
import ImageModel
import ImageStore
import TestSupport
import Testing

@testable import SwiftDriver

/// Images that glance_store 5.7.0 has written are read and removed here, and the other way around.
@Suite struct GlanceStoreSwiftTests {
    /// glance_store's options are in whole mebibytes.
    private static let options = ["swift_store_large_object_size": "2", "swift_store_large_object_chunk_size": "1"]

    private struct GlanceStore {
        let python: String
        let options: String

        init(_ directory: String, _ options: [String: String]) async throws {
            python =
                try await command(Project.support("fetch"), ["glance33"])
                .trimmingCharacters(in: .whitespacesAndNewlines) + "/bin/python"
            self.options = "\(directory)/options"
            try options.map { "\($0.key) = \($0.value)\n" }.joined()
                .write(to: URL(filePath: self.options), atomically: true, encoding: .utf8)
        }

        func run(_ actions: [String]) async throws -> [String] {
            try await command(
                python, ["-W", "ignore", Project.support("python/glance-store-swift.py"), options] + actions
            ).split(separator: "\n").map(String.init)
        }
    }

    /// One object, several segments, and segments because the size was not said. (Of a size that was said and is no multiple
    /// of the segments' glance_store 5.7.0 announces more bytes than it sends, and gives up.)
    @Test(arguments: [false, true])
    func readsAndRemovesWhatGlanceStoreWrote(accountsInFile: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let service = try await SwiftService.keystone()
            try await withSwiftStore(
                options(service, accountsInFile, directory), service: service
            ) { store in
                let other = try await GlanceStore(directory, store.optionsForTests(service, accountsInFile, directory))
                let sizes = [1_000_000, 3 * 1_024_000, 2_500_000]
                for size in sizes {
                    try Data(Noise.bytes(size, seed: UInt64(size))).write(to: URL(filePath: "\(directory)/\(size)"))
                }
                let ids = sizes.map { _ in UUID().uuidString.lowercased() }
                let urls = try await other.run(
                    ["add:\(ids[0]):\(directory)/\(sizes[0])", "add:\(ids[1]):\(directory)/\(sizes[1])"]
                        + ["add-unsized:\(ids[2]):\(directory)/\(sizes[2])"])
                try #require(urls.count == 3)
                for (index, url) in urls.enumerated() {
                    let location = ImageLocation(url: url)
                    #expect(url == (try store.location(of: ids[index]).url))
                    #expect(store.owns(location))
                    #expect(try await store.size(of: location) == Int64(sizes[index]))
                    #expect(
                        try await store.read(location) == Noise.bytes(sizes[index], seed: UInt64(sizes[index])))
                }
                #expect(try await store.names().count == 1 + 4 + 4)
                for url in urls { try await store.delete(ImageLocation(url: url)) }
                #expect(try await store.names() == [])
            }
        }
    }

    @Test(arguments: [false, true])
    func writesWhatGlanceStoreReadsAndRemoves(accountsInFile: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let service = try await SwiftService.keystone()
            try await withSwiftStore(
                options(service, accountsInFile, directory), service: service
            ) { store in
                let other = try await GlanceStore(directory, store.optionsForTests(service, accountsInFile, directory))
                for size in [0, 1000, 1_000_000, 2_500_000] {
                    let bytes = Noise.bytes(size, seed: UInt64(size))
                    let location = try await store.add(UUID().uuidString.lowercased(), bytes)
                    let file = "\(directory)/received"
                    let answers = try await other.run(
                        ["size:\(location.url)", "get:\(file):\(location.url)", "delete:\(location.url)"])
                    #expect(answers == ["\(size)", "\(size)", "deleted"])
                    #expect(try Data(contentsOf: URL(filePath: file)) == Data(bytes))
                    #expect(try await store.names() == [])
                }
            }
        }
    }

    private func options(
        _ service: SwiftService, _ accountsInFile: Bool, _ directory: String
    ) throws -> [String: String] {
        guard accountsInFile else { return Self.options }
        try """
        [ref1]
        user = \(service.login["swift_store_user"] ?? "")
        key = \(service.login["swift_store_key"] ?? "")
        auth_address = \(service.login["swift_store_auth_address"] ?? "")
        """.write(to: URL(filePath: "\(directory)/glance-swift.conf"), atomically: true, encoding: .utf8)
        return Self.options.merging(["swift_store_config_file": "\(directory)/glance-swift.conf"]) { $1 }
    }
}

extension SwiftStore {
    fileprivate func optionsForTests(
        _ service: SwiftService, _ accountsInFile: Bool, _ directory: String
    ) -> [String: String] {
        var options = service.login
        if accountsInFile { options = ["swift_store_config_file": "\(directory)/glance-swift.conf"] }
        options["swift_store_container"] = settings.container
        options["swift_store_create_container_on_put"] = "true"
        options["swift_store_large_object_size"] = "2"
        options["swift_store_large_object_chunk_size"] = "1"
        return options
    }
}
