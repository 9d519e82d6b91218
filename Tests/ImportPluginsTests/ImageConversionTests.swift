import Foundation
import TestSupport
import Testing

@testable import ImportPlugins

@Suite struct ImageConversionTests {
    @Test(arguments: [
        ("raw", "qcow2"), ("qcow2", "raw"), ("vmdk", "raw"), ("vdi", "raw"), ("vhd", "raw"), ("vhdx", "qcow2"),
        ("raw", "vmdk"), ("qcow2", "vmdk"),
    ])
    func formatsAreConverted(from: String, to: String) async throws {
        try await with { site async throws in
            let source = try await site.image(from)
            let result = try #require(try await site.convert(source, from, to))
            #expect(result.isConverted && result.diskFormat == to && result.virtualSize == 4 << 20)
            let size = try FileManager.default.attributesOfItem(atPath: site.target)[.size] as? Int64
            #expect(result.size == size)
            let plain = try await site.image("raw")
            try await command(
                "qemu-img", ["compare", "-f", "raw", "-F", to, plain, site.target])
        }
    }

    @Test func whatHasTheFormatStays() async throws {
        try await with { site async throws in
            let source = try await site.image("qcow2")
            let result = try #require(try await site.convert(source, "qcow2", "qcow2"))
            #expect(!result.isConverted && result.virtualSize == 4 << 20)
            #expect(site.isEmpty)
            let iso = site.directory + "/iso"
            try (Data(count: 0x8000) + Data([1]) + Data("CD001".utf8) + Data(count: 4096)).write(to: URL(filePath: iso))
            #expect(try await site.convert(iso, "iso", "raw") == nil)
        }
    }

    @Test("CVE-2015-5163: a backing file is not followed")
    func backingFilesAreRefused() async throws {
        try await with { site async throws in
            let secret = site.directory + "/secret"
            try Data("secret".utf8).write(to: URL(filePath: secret))
            let source = site.directory + "/image"
            try await command("qemu-img", ["create", "-f", "qcow2", "-b", secret, "-F", "raw", source, "1M"])
            // Even if the inspector were blind.
            await #expect(throws: ImportPluginError.refused("Images with a backing file are not allowed.")) {
                try await site.convert(source, "qcow2", "raw", inspect: { _, format in format })
            }
            let error = await #expect(throws: ImportPluginError.self) {
                try await site.convert(source, "qcow2", "raw")
            }
            #expect(error?.text.contains("backing_file") == true)
            #expect(site.isEmpty)
        }
    }

    @Test("CVE-2024-32498: an external data file is not followed")
    func dataFilesAreRefused() async throws {
        try await with { site async throws in
            let source = site.directory + "/image"
            try await command(
                "qemu-img", ["create", "-f", "qcow2", "-o", "data_file=\(site.directory)/secret", source, "1M"])
            let error = await #expect(throws: ImportPluginError.self) {
                try await site.convert(source, "qcow2", "raw")
            }
            #expect(error?.text.contains("data_file") == true)
            #expect(site.isEmpty)
        }
    }

    @Test("CVE-2022-47951: a VMDK that names other files is refused")
    func vmdkTypesAreLimited() async throws {
        try await with { site async throws in
            let source = site.directory + "/image.vmdk"
            try await command("qemu-img", ["create", "-f", "vmdk", "-o", "subformat=monolithicFlat", source, "1M"])
            await #expect(throws: ImportPluginError.self) { try await site.convert(source, "vmdk", "raw") }
            await #expect(throws: ImportPluginError.refused("VMDK images of this create type are not allowed.")) {
                try await site.convert(source, "vmdk", "raw", inspect: { _, format in format })
            }
            #expect(site.isEmpty)
        }
    }

    @Test("CVE-2026-24708: no tool guesses a format, neither of the image nor of one inside of it")
    func formatsAreNotGuessed() async throws {
        try await with { site async throws in
            let qcow = try await site.image("qcow2")
            // Said to be raw.
            await #expect(throws: ImportPluginError.self) { try await site.convert(qcow, "raw", "vmdk") }
            // And if an inspector lets it pass: the bytes are taken as those of a disk.
            let blind: ImageConversion.Inspector = { _, format in format }
            _ = try await site.convert(qcow, "raw", "qcow2", inspect: blind)
            let back = site.directory + "/back"
            try await command("qemu-img", ["convert", "-f", "qcow2", "-O", "raw", site.target, back])
            #expect(
                try Data(contentsOf: URL(filePath: back)).starts(
                    with: Data("QFI\u{fb}".unicodeScalars.map { UInt8($0.value) })))
            try FileManager.default.removeItem(atPath: site.target)
            // An image inside of another one would come out as what nobody has inspected.
            let outer = site.directory + "/outer"
            try await command("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", qcow, outer])
            await #expect(throws: ImportPluginError.refused("The image holds another image.")) {
                try await site.convert(outer, "qcow2", "raw")
            }
            #expect(site.isEmpty)
        }
    }

    @Test("CVE-2014-0162: no name is part of a command")
    func namesAreNoCommands() async throws {
        try await with { site async throws in
            let directory = site.directory + "/$(touch pwned);`touch pwned` 'a' \"b\""
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            let source = directory + "/-o image;touch pwned"
            try FileManager.default.moveItem(atPath: try await site.image("raw"), toPath: source)
            _ = try await site.conversion("qcow2").convert(
                source, diskFormat: "raw", to: directory + "/out;touch pwned")
            #expect(FileManager.default.fileExists(atPath: directory + "/out;touch pwned"))
            let found = try FileManager.default.subpathsOfDirectory(atPath: site.directory)
            #expect(!found.contains { $0.hasSuffix("/pwned") || $0 == "pwned" })
            #expect(!FileManager.default.fileExists(atPath: "pwned"))
            for relative in ["json:{}", "nbd:localhost", "image"] {
                await #expect(throws: ImportPluginError.file(EINVAL)) {
                    try await site.conversion("raw").convert(relative, diskFormat: "raw", to: site.target)
                }
            }
        }
    }

    @Test func virtualSizesAreLimited() async throws {
        try await with(limit: 1 << 30) { site async throws in
            let source = site.directory + "/image"
            try await command("qemu-img", ["create", "-f", "qcow2", source, "2G"])
            await #expect(throws: ImportPluginError.tooLarge(1 << 30)) {
                try await site.convert(source, "qcow2", "raw")
            }
            #expect(site.isEmpty)
        }
    }

    @Test func damagedImagesLeaveNothing() async throws {
        try await with { site async throws in
            let source = try await site.image("qcow2")
            var bytes = try Data(contentsOf: URL(filePath: source))
            // Where the first table is said to be.
            bytes.replaceSubrange(40..<48, with: Data(repeating: 0x11, count: 8))
            try bytes.write(to: URL(filePath: source))
            let error = await #expect(throws: ImportPluginError.self) {
                try await site.convert(source, "qcow2", "raw")
            }
            #expect(error?.text.contains(site.directory) == false)
            #expect(site.isEmpty)
        }
    }

    // MARK: Limits of the process

    @Test("CVE-2015-5162: processor time and memory of the tool are limited")
    func processesAreLimited() async throws {
        let wide = LimitedProcess.Limits(processor: 60, memory: 1 << 30, file: 1 << 20)
        func run(_ script: String, _ limits: LimitedProcess.Limits) async throws -> LimitedProcess.Outcome {
            try await PluginThreads.run { (watch) throws(ImportPluginError) in
                try LimitedProcess.run("/bin/sh", ["-c", script], limits, watch)
            }
        }
        var narrow = wide
        narrow.processor = 1
        #expect([.signal(SIGXCPU), .signal(SIGKILL)].contains(try await run("while :; do :; done", narrow).end))
        narrow = wide
        narrow.memory = 64 << 20
        let eater = "head -c 200000000 /dev/zero | tail -c 200000000 | wc -c"
        #expect(try await run(eater, wide).output == Array("200000000\n".utf8))
        #expect(try await run(eater, narrow).output == Array("0\n".utf8))
        try await withTemporaryDirectory { directory in
            let outcome = try await run("exec head -c 2000000 /dev/zero >'\(directory)/file'", wide)
            #expect(outcome.end != .exit(0))
            let size = try FileManager.default.attributesOfItem(atPath: directory + "/file")[.size] as? Int
            #expect(size == 1 << 20)
        }
        let outcome = try await run("ulimit -c; echo ${HOME-none} $PATH; echo err >&2; cat", wide)
        #expect(outcome.output == Array("0\nnone /usr/bin:/bin\n".utf8))
        #expect(outcome.errors == Array("err\n".utf8) && outcome.end == .exit(0))
        await #expect(throws: ImportPluginError.self) {
            try await PluginThreads.run { (watch) throws(ImportPluginError) in
                try LimitedProcess.run("/nowhere/qemu-img", [], wide, watch)
            }
        }
    }

    @Test func cancellationKillsTheTool() async throws {
        try await withTemporaryDirectory { directory in
            let mark = directory + "/started"
            let work = Task {
                try await PluginThreads.run { (watch) throws(ImportPluginError) in
                    try LimitedProcess.run(
                        "/bin/sh", ["-c", "echo $$ >'\(mark)'; exec sleep 1000"],
                        LimitedProcess.Limits(processor: 60, memory: 1 << 30, file: 1 << 20), watch)
                }
            }
            var process = ""
            while !process.hasSuffix("\n") {
                process = (try? String(contentsOfFile: mark, encoding: .utf8)) ?? ""
                await Task.yield()
            }
            work.cancel()
            await #expect(throws: ImportPluginError.cancelled) { _ = try await work.value }
            let id = try #require(Int32(process.dropLast()))
            #expect(kill(id, 0) == -1 && errno == ESRCH)
        }
    }

    // MARK: -

    private struct Staging: Sendable {
        let directory: String
        let limit: Int64

        var target: String { directory + "/converted" }
        var isEmpty: Bool { !FileManager.default.fileExists(atPath: target) }

        /// An image of 4 MiB with some data.
        func image(_ format: String) async throws -> String {
            let raw = directory + "/plain.raw"
            try (Data(count: 1 << 20) + Data(Noise.bytes(1 << 20, seed: 1)) + Data(count: 2 << 20)).write(
                to: URL(filePath: raw))
            if format == "raw" { return raw }
            let path = directory + "/image.\(format)"
            try await command(
                "qemu-img",
                ["convert", "-f", "raw", "-O", format == "vhd" ? "vpc" : format, raw, path]
                    + (format == "vhd" ? ["-o", "force_size=on"] : []))
            return path
        }

        func conversion(
            _ format: String, inspect: ImageConversion.Inspector? = nil
        ) -> ImageConversion {
            ImageConversion(
                format: format, allowedTypes: ["streamOptimized", "monolithicSparse"], limit: limit, inspect: inspect)
        }

        @discardableResult
        func convert(
            _ source: String, _ from: String, _ to: String,
            inspect: ImageConversion.Inspector? = nil
        ) async throws -> ImageConversion.Result? {
            try await conversion(to, inspect: inspect).convert(source, diskFormat: from, to: target)
        }
    }

    private func with(
        limit: Int64 = 1 << 40, _ body: @escaping @Sendable (Staging) async throws -> Void
    ) async throws {
        try await command(Project.support("need"), ["qemu-utils"])
        try await withTemporaryDirectory { try await body(Staging(directory: $0, limit: limit)) }
    }
}
