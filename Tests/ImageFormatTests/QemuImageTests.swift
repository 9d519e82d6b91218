import Foundation
import TestSupport
import Testing

@testable import ImageFormat

/// Images of the program that Nova reads them with.
@Suite struct QemuImageTests {
    @Test(arguments: [
        ("qcow2", "", "qcow2"), ("qcow2", "compat=0.10", "qcow2"), ("qcow2", "compression_type=zstd", "qcow2"),
        ("vpc", "force_size=on", "vhd"), ("vpc", "subformat=fixed,force_size=on", "vhd"), ("vhdx", "", "vhdx"),
        ("vhdx", "subformat=fixed", "vhdx"), ("vhdx", "block_size=1M", "vhdx"), ("vmdk", "", "vmdk"),
        ("vmdk", "subformat=monolithicSparse,compat6=on", "vmdk"), ("vmdk", "subformat=streamOptimized", "vmdk"),
        ("vdi", "", "vdi"), ("vdi", "static=on", "vdi"), ("raw", "", "raw"),
    ])
    func formatAndSizeAreFound(driver: String, options: String, format: String) async throws {
        try await with { directory in
            let path = try await Self.image(driver, options, in: directory)
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
            let found = content(bytes, declared: format)
            let verdict = try InspectionRules.standard.judge(found, declared: format)
            #expect(verdict == InspectionRules.Acceptance(virtualSize: 4 << 20))
            #expect(found.size == Int64(bytes.count))
            #expect(found.findings.map(\.format.rawValue) == (format == "raw" ? [] : [format]))
            for blocks in [[511], [512], [4096, 1], [65536], [1, 65537, 3]] {
                #expect(content(bytes, declared: format, blocks: blocks) == found)
            }
            #expect(try FileInspection.content(of: path, declared: format) == found)
            // As a raw disk, it is as large as its file.
            #expect(try InspectionRules.standard.judge(bytes, as: "raw").virtualSize == Int64(bytes.count))
            for other in ["qcow2", "vhd", "vhdx", "vmdk", "vdi", "iso", "luks", "qed"] where other != format {
                let error = #expect(throws: InspectionRefusal.self) {
                    try InspectionRules.standard.judge(bytes, as: other)
                }
                // The footer of a fixed VHD means nothing to others.
                let seen = options.contains("fixed") && driver == "vpc" ? .raw : DiskFormat(rawValue: format)!
                #expect(error == .mismatch(declared: other, found: seen))
            }
        }
    }

    @Test(arguments: ["monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"])
    func vmdksThatAreSeveralFilesAreRefused(subformat: String) async throws {
        try await with { directory in
            let path = directory + "/image.vmdk"
            try await command("qemu-img", ["create", "-q", "-f", "vmdk", "-o", "subformat=\(subformat)", path, "1M"])
            let found = try FileInspection.content(of: path, declared: "vmdk")
            for declared in ["vmdk", "raw"] {
                let error = #expect(throws: InspectionRefusal.self) {
                    try InspectionRules.standard.judge(found, declared: declared)
                }
                #expect(error?.isUnsafe == true)
            }
        }
    }

    @Test("CVE-2015-5163, CVE-2024-32498: an image that names other files is refused, with the reason")
    func qcowsThatNameFilesAreRefused() async throws {
        try await with { directory in
            let path = directory + "/image"
            for (options, check) in [
                (["-u", "-b", "/etc/passwd", "-F", "raw"], SafetyFailure.Check.backingFile),
                (["-o", "compat=0.10", "-u", "-b", "/etc/passwd", "-F", "raw"], .backingFile),
                (["-o", "data_file=\(path).raw"], .dataFile),
                (["-o", "data_file=\(path).raw,data_file_raw=on"], .dataFile),
                (["-o", "extended_l2=on"], .unknownFeatures),
            ] {
                try await command("qemu-img", ["create", "-q", "-f", "qcow2"] + options + [path, "1M"])
                let found = try FileInspection.content(of: path, declared: "qcow2")
                #expect(found.findings.first?.failures.map(\.check) == [check])
                for declared in ["qcow2", "raw"] {
                    let error = #expect(throws: InspectionRefusal.self) {
                        try InspectionRules.standard.judge(found, declared: declared)
                    }
                    #expect(
                        error?.description.hasPrefix("Image failed safety checks (qcow2): \(check.rawValue): ") == true)
                }
            }
        }
    }

    @Test func differencesToParentsAreRefused() async throws {
        try await with { directory in
            let path = try await Self.image("vpc", "force_size=on", in: directory)
            var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
            bytes[63] = 4
            #expect(content(bytes).findings.first?.failures.map(\.check) == [.backingFile])
        }
    }

    private static func image(_ driver: String, _ options: String, in directory: String) async throws -> String {
        let (plain, path) = (directory + "/plain", directory + "/image")
        try Data(count: 4 << 20).write(to: URL(filePath: plain))
        try await command(
            "qemu-img",
            ["convert", "-f", "raw", "-O", driver] + (options.isEmpty ? [] : ["-o", options]) + [plain, path])
        return path
    }

    private func with(_ body: @escaping @Sendable (_ directory: String) async throws -> Void) async throws {
        try await command(Project.support("need"), ["qemu-utils"])
        try await withTemporaryDirectory(body)
    }
}
