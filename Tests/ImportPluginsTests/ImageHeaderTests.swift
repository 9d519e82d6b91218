import Foundation
import TestSupport
import Testing

@testable import ImportPlugins

@Suite struct ImageHeaderTests {
    @Test(arguments: ["raw", "qcow2", "vmdk", "vdi", "vpc", "vhdx", "parallels"])
    func formatsOfQemuAreKnown(driver: String) async throws {
        try await with { directory async throws in
            let path = directory + "/image"
            try await command("qemu-img", ["create", "-q", "-f", driver, path, "4M"])
            let name = ["vpc": "vhd", "parallels": "ploop"][driver] ?? driver
            #expect(try ImageHeader.inspect(path, name) == name)
            for option in driver == "vmdk" ? ["streamOptimized", "monolithicSparse"] : [] {
                try await command(
                    "qemu-img", ["convert", "-O", "vmdk", "-o", "subformat=\(option)", path, path + ".2"])
                #expect(try ImageHeader.inspect(path + ".2", "vmdk") == "vmdk")
            }
            if driver == "vpc" {
                try await command("qemu-img", ["convert", "-O", "vpc", "-o", "subformat=fixed", path, path + ".2"])
                #expect(try ImageHeader.inspect(path + ".2", "vhd") == "vhd")
                #expect(try ImageHeader.inspect(path + ".2", "raw") == "raw")
            }
        }
    }

    @Test("CVE-2015-5163, CVE-2024-32498: a qcow2 that names other files is refused, before any tool sees it")
    func qcowsThatNameFilesAreRefused() async throws {
        try await with { directory async throws in
            let path = directory + "/image"
            try await command(
                "qemu-img", ["create", "-q", "-f", "qcow2", "-u", "-b", "/etc/passwd", "-F", "raw", path, "1M"])
            try refuses(path, "qcow2")
            try await command("qemu-img", ["create", "-q", "-f", "qcow2", "-o", "data_file=\(path).raw", path, "1M"])
            try refuses(path, "qcow2")
            try await command("qemu-img", ["create", "-q", "-f", "qcow2", path, "1M"])
            let good = try Data(contentsOf: URL(filePath: path))
            for (offset, byte) in [(7, 1), (7, 4), (72, 0x80), (79, 0x20), (78, 1)] {
                var bad = good
                bad[offset] = UInt8(byte)
                try bad.write(to: URL(filePath: path))
                try refuses(path, "qcow2")
            }
            try good.prefix(60).write(to: URL(filePath: path))
            try refuses(path, "qcow2")
        }
    }

    @Test("CVE-2022-47951: a VMDK that names other files is refused, before any tool sees it")
    func vmdksThatNameFilesAreRefused() async throws {
        try await with { directory async throws in
            let path = directory + "/image.vmdk"
            for option in ["monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"] {
                try await command("qemu-img", ["create", "-q", "-f", "vmdk", "-o", "subformat=\(option)", path, "1M"])
                try refuses(path, "vmdk")
            }
            try await command("qemu-img", ["create", "-q", "-f", "vmdk", path, "1M"])
            let good = try Data(contentsOf: URL(filePath: path))
            #expect(try ImageHeader.inspect(path, "vmdk") == "vmdk")
            func change(_ body: (inout Data) throws -> Void) throws {
                var bad = good
                try body(&bad)
                try bad.write(to: URL(filePath: path))
                try refuses(path, "vmdk")
            }
            // Without a capacity the description counts, and it can name anything.
            try change { $0.replaceSubrange(12..<20, with: Data(count: 8)) }
            let extent = try #require(good.firstRange(of: Data("SPARSE \"".utf8)))
            try change { $0.replaceSubrange(extent, with: Data("FLAT   \"".utf8)) }
            try change { $0[extent.upperBound] = UInt8(ascii: "/") }
            // The header that counts is at the end, and another one.
            try change { $0.replaceSubrange(56..<64, with: Data(repeating: 0xFF, count: 8)) }
            try good.prefix(300).write(to: URL(filePath: path))
            try refuses(path, "vmdk")
        }
    }

    @Test func otherImagesWithParentsAndPolyglotsAreRefused() async throws {
        try await with { directory async throws in
            let path = directory + "/image"
            try await command("qemu-img", ["create", "-q", "-f", "vpc", path, "4M"])
            var differencing = try Data(contentsOf: URL(filePath: path))
            differencing[63] = 4
            try differencing.write(to: URL(filePath: path))
            try refuses(path, "vhd")
            try Data("QED\0".utf8).write(to: URL(filePath: path))
            try refuses(path, "qed")
            try await command("qemu-img", ["create", "-q", "-f", "qcow2", path, "1M"])
            var both = try Data(contentsOf: URL(filePath: path))
            both.replaceSubrange(0x8001..<0x8006, with: Data("CD001".utf8))
            try both.write(to: URL(filePath: path))
            try refuses(path, "qcow2")
        }
    }

    @Test func encryptedDisksAreKnown() async throws {
        try await with { directory async throws in
            try Data([0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE, 0, 1]).write(to: URL(filePath: directory + "/image"))
            #expect(try ImageHeader.inspect(directory + "/image", "luks") == "luks")
        }
    }

    @Test func shortFilesAreRaw() async throws {
        try await with { directory async throws in
            for bytes in ["", "Q", "QFI", "conecti", "# Disk"] {
                try Data(bytes.utf8).write(to: URL(filePath: directory + "/image"))
                #expect(try ImageHeader.inspect(directory + "/image", "raw") == "raw")
            }
        }
    }

    private func refuses(_ path: String, _ format: String) throws {
        let error = #expect(throws: ImportPluginError.self) { try ImageHeader.inspect(path, format) }
        guard case .refused? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    private func with(_ body: @escaping @Sendable (_ directory: String) async throws -> Void) async throws {
        try await command(Project.support("need"), ["qemu-utils"])
        try await withTemporaryDirectory(body)
    }
}
