import Foundation
import TestSupport
import Testing

@testable import ImageFormat

@Suite struct FileInspectionTests {
    @Test func filesAreSeenAsTheirBytesAre() async throws {
        try await withTemporaryDirectory { directory async throws in
            let path = directory + "/image"
            for bytes in [
                [], Handmade.qcow(), Handmade.iso(), Handmade.vhdx(), Handmade.vmdk(footer: true), Handmade.luks(),
                [UInt8](repeating: 1, count: 100_000) + Handmade.footer(type: 2, size: 100_000),
                Handmade.footer(type: 2, size: 0), Array(Handmade.vmdk(footer: true)[..<1000]),
            ] {
                try Data(bytes).write(to: URL(filePath: path))
                let seen = try FileInspection.content(of: path, declared: "vhd")
                #expect(seen == content(bytes, declared: "vhd"))
                let read = await ContentInspection(declared: "vhd").content(ofSize: Int64(bytes.count)) {
                    Array(bytes[Int($0.lowerBound)..<Int($0.upperBound)])
                }
                #expect(read == seen)
            }
        }
    }

    /// As many bytes as a file system has no room for: it is not read from end to end.
    @Test func hugeFilesAreNotRead() async throws {
        try await withTemporaryDirectory { directory async throws in
            let path = directory + "/image"
            try Data(Handmade.vmdk(footer: true)).write(to: URL(filePath: path))
            let file = try FileHandle(forUpdating: URL(filePath: path))
            defer { try? file.close() }
            try file.truncate(atOffset: 8 << 40)
            try file.seek(toOffset: (8 << 40) - 1536)
            try file.write(contentsOf: Handmade.vmdk(footer: true).suffix(1536))
            let seen = try FileInspection.content(of: path, declared: "vmdk")
            #expect(seen.size == 8 << 40 && seen.findings.map(\.virtualSize) == [1 << 20])
            #expect(seen.findings.flatMap(\.failures) == [])
        }
    }

    @Test func whatIsNoFileIsRefused() async throws {
        try await withTemporaryDirectory { directory async throws in
            try FileManager.default.createSymbolicLink(atPath: directory + "/link", withDestinationPath: "/etc/passwd")
            for (path, code) in [("/link", ELOOP), ("/none", ENOENT), ("", EINVAL)] {
                #expect(throws: FileInspection.Failure(code: code)) {
                    try FileInspection.content(of: directory + path, declared: nil)
                }
            }
        }
    }
}
