import Foundation
import TestSupport
import Testing

@testable import ImportPlugins

@Suite struct ImageDecompressionTests {
    @Test func gzipIsUnpacked() async throws {
        try await with { site async throws in
            let bytes = Data(Noise.bytes(3_000_000, seed: 1)) + Data(count: 2_000_000)
            let packed = try await site.gzip(bytes)
            #expect(try await site.unpack(packed) == bytes)
            // Members one after the other are one text, and padding is none.
            #expect(try await site.unpack(packed + packed) == bytes + bytes)
            #expect(try await site.unpack(packed + Data(count: 70_000)) == bytes)
            #expect(try await site.unpack(packed + Data(count: 512) + packed) == bytes + bytes)
            #expect(try await site.unpack(try await site.gzip(Data())) == Data())
        }
    }

    @Test(arguments: [false, true])
    func zipIsUnpacked(isStored: Bool) async throws {
        try await with { site async throws in
            let bytes = Data(Noise.bytes(2_000_000, seed: 1)) + Data(count: 3_000_000)
            #expect(try await site.unpack(site.zip(["../../disk.img": bytes], isStored: isStored)) == bytes)
            #expect(try await site.unpack(site.zip(["disk": Data()], isStored: isStored)) == Data())
            #expect(try await site.unpack(site.zip(["disk": bytes], isStored: isStored, isWide: true)) == bytes)
        }
    }

    @Test func otherDataStay() async throws {
        try await with { site async throws in
            for bytes in [Data(), Data([0x1F]), Data([0x1F, 0x8B]), Data("PK".utf8), Data("QFI\u{fb}".utf8)] {
                #expect(try await site.unpack(bytes) == nil)
            }
        }
    }

    @Test func compressedContainersStay() async throws {
        try await with { site async throws in
            try await site.gzip(Data(count: 1000)).write(to: URL(filePath: site.source))
            let size = try await ImageDecompression(limit: 1 << 20).unpack(
                site.source, containerFormat: "compressed", to: site.target)
            #expect(size == nil && site.isEmpty)
        }
    }

    @Test func oneLayerOnly() async throws {
        try await with { site async throws in
            let inner = try await site.gzip(Data(count: 1_000_000))
            #expect(try await site.unpack(try await site.gzip(inner)) == inner)
            #expect(try await site.unpack(site.zip(["a.gz": inner])) == inner)
        }
    }

    // MARK: The hostile ones

    @Test func bombsEndAtTheLimit() async throws {
        try await with(limit: 1 << 20) { site async throws in
            let zeros = Data(count: 64 << 20)
            let gzip = try await site.gzip(zeros)
            #expect(gzip.count < 100_000)
            try await site.refuses(gzip, .tooLarge(1 << 20))
            try await site.refuses(site.zip(["bomb": zeros]), .tooLarge(1 << 20))
            // One that says that it is small.
            var liar = try await site.zip(["bomb": zeros])
            let directory = try #require(liar.lastRange(of: Data([0x50, 0x4B, 1, 2]))).lowerBound
            liar.replaceSubrange(directory + 24..<directory + 28, with: [0, 4, 0, 0])
            try await site.refuses(liar, .damaged("the archive contradicts itself"))
            // Exactly the limit is allowed.
            #expect(try await site.unpack(try await site.gzip(Data(count: 1 << 20)))?.count == 1 << 20)
        }
    }

    @Test func archivesWithAnythingButOneMemberAreRefused() async throws {
        try await with { site async throws in
            let two = try await site.zip(["a": Data("a".utf8), "b": Data("b".utf8)])
            try await site.refuses(two, .members(2))
            // The end says one, the directory has two.
            var concealed = two
            let end = concealed.count - 22
            concealed[end + 8] = 1
            concealed[end + 10] = 1
            try await site.refuses(concealed, .damaged("the archive contradicts itself"))
            let none =
                Data([0x50, 0x4B, 3, 4]) + Data(count: 40) + Data([0x50, 0x4B, 5, 6]) + Data(count: 12)
                + Data([44, 0, 0, 0, 0, 0])
            try await site.refuses(none, .members(0))
        }
    }

    @Test func encryptedDirectoriesAndLHAAreRefused() async throws {
        try await with { site async throws in
            var encrypted = try await site.zip(["a": Data("a".utf8)])
            let directory = try #require(encrypted.lastRange(of: Data([0x50, 0x4B, 1, 2]))).lowerBound
            encrypted[directory + 8] |= 1
            try await site.refuses(encrypted, .damaged("the archive is encrypted"))
            try await site.refuses(site.zip(["a/": Data()]), .damaged("the member is a directory"))
            try await site.refuses(Data("  -lh5-".utf8), .unsupportedArchive("LHA"))
        }
    }

    @Test func whatFollowsAGzipFileIsNoPartOfIt() async throws {
        try await with { site async throws in
            try await site.refuses(
                try await site.gzip(Data("a".utf8)) + Data("QFI".utf8), .damaged("something else follows them"))
        }
    }

    @Test func truncatedArchivesAreRefused() async throws {
        try await with { site async throws in
            let bytes = Data(Noise.bytes(400_000, seed: 3))
            for archive in [try await site.gzip(bytes), try await site.zip(["disk": bytes])] {
                for cut in stride(from: 6, to: archive.count, by: archive.count / 40) + [archive.count - 1] {
                    await #expect(throws: ImportPluginError.self, "cut at \(cut)") {
                        try await site.unpack(archive.prefix(cut))
                    }
                    #expect(site.isEmpty)
                }
            }
        }
    }

    @Test func flippedBitsNeverMakeOtherData() async throws {
        try await with { site async throws in
            let bytes = Data(Noise.bytes(2000, seed: 4)) + Data(count: 6000)
            for archive in [try await site.gzip(bytes), try await site.zip(["disk": bytes])] {
                for position in (5..<archive.count)
                where position < 100 || position > archive.count - 120 || position % 16 == 0 {
                    var flipped = archive
                    flipped[position] ^= UInt8(1 << (position % 8))
                    guard let result = try? await site.unpack(flipped) else { continue }
                    #expect(result == bytes, "bit of byte \(position)")
                }
            }
        }
    }

    @Test func theEndOfTheDiskIsNotUsedUp() throws {
        let output = try OutputFile("/dev/full", limit: .max)
        #expect(throws: ImportPluginError.noSpace) {
            try output.write(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 1), count: 0))
            try output.write(UnsafeRawBufferPointer(Buffer().bytes))
        }
    }

    @Test func cancellationLeavesNothing() async throws {
        try await with { site async throws in
            let archive = try await site.gzip(Data(count: 256 << 20))
            try archive.write(to: URL(filePath: site.source))
            let work = Task {
                try await ImageDecompression(limit: .max).unpack(site.source, containerFormat: "bare", to: site.target)
            }
            while !FileManager.default.fileExists(atPath: site.target) { await Task.yield() }
            work.cancel()
            await #expect(throws: ImportPluginError.cancelled) { _ = try await work.value }
            #expect(site.isEmpty)
        }
    }

    // MARK: -

    private struct Staging: Sendable {
        let directory: String
        let limit: Int64

        var source: String { directory + "/staged" }
        var target: String { directory + "/unpacked" }
        /// Whether nothing was left.
        var isEmpty: Bool { !FileManager.default.fileExists(atPath: target) }

        @discardableResult
        func unpack(_ archive: Data) async throws -> Data? {
            try archive.write(to: URL(filePath: source))
            defer { try? FileManager.default.removeItem(atPath: target) }
            guard
                let size = try await ImageDecompression(limit: limit).unpack(
                    source, containerFormat: "bare", to: target)
            else {
                #expect(isEmpty)
                return nil
            }
            let bytes = try Data(contentsOf: URL(filePath: target))
            #expect(Int64(bytes.count) == size)
            return bytes
        }

        func refuses(_ archive: Data, _ error: ImportPluginError) async throws {
            try archive.write(to: URL(filePath: source))
            await #expect(throws: error) {
                try await ImageDecompression(limit: limit).unpack(source, containerFormat: "bare", to: target)
            }
            #expect(isEmpty)
        }

        func gzip(_ bytes: Data) async throws -> Data {
            try bytes.write(to: URL(filePath: directory + "/plain"))
            try await command("gzip", ["-kf", directory + "/plain"])
            return try Data(contentsOf: URL(filePath: directory + "/plain.gz"))
        }

        /// - Parameter isWide: with the numbers of zip64.
        func zip(_ members: [String: Data], isStored: Bool = false, isWide: Bool = false) async throws -> Data {
            let script = """
                import sys, zipfile
                archive, method, wide, *members = sys.argv[1:]
                with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED if method == "stored" else zipfile.ZIP_DEFLATED) as z:
                    for name, path in zip(members[::2], members[1::2]):
                        with z.open(zipfile.ZipInfo(name) if method == "stored" else name, "w", force_zip64=wide == "wide") as m:
                            m.write(open(path, "rb").read())
                """
            var arguments = [directory + "/archive.zip", isStored ? "stored" : "deflated", isWide ? "wide" : ""]
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                let path = directory + "/member\(index)"
                try member.value.write(to: URL(filePath: path))
                arguments += [member.key, path]
            }
            try await command("/usr/bin/python3", ["-c", script] + arguments)
            return try Data(contentsOf: URL(filePath: arguments[0]))
        }
    }

    private func with(limit: Int64 = 1 << 30, _ body: @escaping @Sendable (Staging) async throws -> Void) async throws {
        try await withTemporaryDirectory { try await body(Staging(directory: $0, limit: limit)) }
    }
}
