import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    /// Images that are not what they should be, sent to the real service: each is refused with the reason or harmless, no process
    /// ends or grows, and nothing of them is left.
    @Suite struct HostileImageTests {
        @Test(
            "CVE-2015-5162, CVE-2015-5163, CVE-2022-47951, CVE-2024-32498: a corpus of hostile images",
            .timeLimit(.minutes(10)))
        func whatIsRefusedLeavesNothing() async throws {
            try await command(Project.support("need"), ["qemu-utils"])
            try await withTemporaryDirectory { directory in
                let site = try Site(directory: directory)
                try await site.synchronizeDatabase(.ours)
                let good = try await Self.images(in: directory)
                try await withGlance(.ours, site) { glance in
                    let client = glance.client
                    let processes = glance.processes.all.sorted()
                    func send(_ bytes: [UInt8], as format: String) async throws -> (status: Int, text: String) {
                        let id = try await client.create(["disk_format": .string(format)])
                        let answer = try await client.upload(id, bytes)
                        let image = try await client.expect(200, "GET", "/v2/images/\(id)").json
                        #expect(image["status"].string == (answer.status == 204 ? "active" : "queued"))
                        if answer.status == 204 && format != "raw" {
                            #expect(image["virtual_size"] == .number(4_194_304))
                        }
                        try await client.expect(204, "DELETE", "/v2/images/\(id)")
                        return (answer.status, String(decoding: answer.body, as: UTF8.self))
                    }
                    for (format, bytes) in good {
                        #expect(try await send(bytes, as: format).status == 204, "\(format)")
                    }
                    for (format, check, bytes) in try await Self.unsafe(in: directory) {
                        for declared in [format, "raw"] {
                            let (status, text) = try await send(bytes, as: declared)
                            #expect(status == 415 && text.contains(check), "\(format) \(check): \(text)")
                        }
                    }
                    let before = glance.processes.proportionalSetSize
                    for (format, bytes) in good {
                        for seed in 0..<12 {
                            let (status, text) = try await send(Self.damaged(bytes, seed), as: "raw")
                            #expect(status == 204 || status == 415, "\(format) \(seed): \(status) \(text)")
                        }
                        for other in good where other.format != format {
                            #expect(try await send(bytes, as: other.format).status == 415)
                        }
                    }
                    #expect(glance.processes.proportionalSetSize < before + 64 << 20)
                    #expect(glance.processes.all.sorted() == processes, "a process ended")
                    let log = try String(contentsOfFile: glance.log, encoding: .utf8)
                    #expect(!log.contains("ERROR"), "\(glance.endOfLog)")
                    let left = try FileManager.default.subpathsOfDirectory(atPath: site.images)
                    #expect(left.isEmpty)
                }
            }
        }

        /// Empty disks of 4 MiB.
        private static func images(in directory: String) async throws -> [(format: String, bytes: [UInt8])] {
            let path = directory + "/image"
            var images: [(format: String, bytes: [UInt8])] = []
            for (format, driver, options) in [
                ("qcow2", "qcow2", "compat=1.1"), ("vmdk", "vmdk", "subformat=streamOptimized"),
                ("vmdk", "vmdk", "subformat=monolithicSparse"), ("vhd", "vpc", "force_size=on"),
                ("vhdx", "vhdx", "block_size=1M"), ("vdi", "vdi", "static=off"),
            ] {
                try await command("qemu-img", ["create", "-q", "-f", "raw", path + ".raw", "4M"])
                try await command("qemu-img", ["convert", "-O", driver, "-o", options, path + ".raw", path])
                images.append((format, Array(try Data(contentsOf: URL(filePath: path)))))
            }
            return images
        }

        private static func unsafe(
            in directory: String
        ) async throws -> [(format: String, check: String, bytes: [UInt8])] {
            let path = directory + "/unsafe"
            var images: [(format: String, check: String, bytes: [UInt8])] = []
            for (format, check, options) in [
                ("qcow2", "backing_file", ["-u", "-b", "/etc/passwd", "-F", "raw"]),
                ("qcow2", "data_file", ["-o", "data_file=\(path).data"]),
                ("vmdk", "descriptor", ["-o", "subformat=monolithicFlat"]),
                ("vmdk", "descriptor", ["-o", "subformat=twoGbMaxExtentSparse"]),
            ] {
                try await command("qemu-img", ["create", "-q", "-f", format] + options + [path, "1M"])
                images.append((format, check, Array(try Data(contentsOf: URL(filePath: path)))))
                try FileManager.default.removeItem(atPath: path)
            }
            return images
        }

        /// The image with some bytes of its head and tail changed, or cut off.
        private static func damaged(_ bytes: [UInt8], _ seed: Int) -> [UInt8] {
            let random = Noise.bytes(32, seed: UInt64(seed))
            var bytes = bytes
            for index in stride(from: 0, to: 24, by: 4) {
                let place = (Int(random[index]) | Int(random[index + 1]) << 8) % min(bytes.count, 2000)
                bytes[random[index + 2] % 3 == 0 ? bytes.count - 1 - place : place] = random[index + 3]
            }
            return seed % 4 == 3 ? Array(bytes.prefix(40 + Int(random[30]) * 20)) : bytes
        }
    }
}
