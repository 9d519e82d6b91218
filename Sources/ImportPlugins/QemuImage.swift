import Glibc
import JSON

/// `qemu-img`, which only ever sees files that the service's own inspectors have accepted, and is always told their format:
/// it must never guess one (CVE-2026-24708), nor follow what is written in one (CVE-2015-5163).
struct QemuImage {
    /// Absolute path of the program.
    let program: String

    /// What `qemu-img info` says.
    struct Facts {
        var format: String
        /// Bytes.
        var virtualSize: Int64
        var hasBackingFile: Bool
        var hasDataFile: Bool
        /// Of a VMDK.
        var createType: String?
    }

    /// The document that holds it.
    private struct Answer: Decodable {
        var format: String
        var virtualSize: Int64
        var backingFile: String?
        var specific: Specific?

        struct Specific: Decodable {
            var data: Details?
        }

        struct Details: Decodable {
            var dataFile: String?
            var createType: String?

            enum CodingKeys: String, CodingKey {
                case dataFile = "data-file"
                case createType = "create-type"
            }
        }

        enum CodingKeys: String, CodingKey {
            case format
            case virtualSize = "virtual-size"
            case backingFile = "backing-filename"
            case specific = "format-specific"
        }
    }

    /// A look at a header needs no more (CVE-2015-5162); the numbers are Glance's.
    private static let infoLimits = LimitedProcess.Limits(processor: 2, memory: 1 << 30, file: 0)
    /// Seconds of processor time and bytes of address space of a conversion.
    private static let conversionLimits = (processor: UInt64(7200), memory: UInt64(2 << 30))

    /// Where distributions have the program; nil if it is not installed.
    static func find() -> QemuImage? {
        ["/usr/bin/qemu-img", "/usr/local/bin/qemu-img"].first { (path: String) in access(path, X_OK) == 0 }.map {
            QemuImage(program: $0)
        }
    }

    func info(
        _ path: String, format: String, _ watch: PluginThreads.Watch
    ) throws(ImportPluginError) -> Facts {
        let output = try run(["info", "-f", format, "--output=json", path], Self.infoLimits, [path], watch)
        guard let answer = try? JSONValue.parse(output).decode(Answer.self) else {
            throw .conversionFailed("qemu-img says nothing about the image")
        }
        let specific = answer.specific?.data
        return Facts(
            format: answer.format, virtualSize: answer.virtualSize, hasBackingFile: answer.backingFile != nil,
            hasDataFile: specific?.dataFile != nil, createType: specific?.createType)
    }

    /// - Parameter limit: bytes that the new file may have.
    func convert(
        _ source: String, from sourceFormat: String, to destination: String, _ format: String, limit: Int64,
        _ watch: PluginThreads.Watch
    ) throws(ImportPluginError) {
        _ = try run(
            ["convert", "-f", sourceFormat, "-O", format, source, destination],
            LimitedProcess.Limits(
                processor: Self.conversionLimits.processor, memory: Self.conversionLimits.memory, file: UInt64(limit)),
            [source, destination], watch)
    }

    private func run(
        _ arguments: [String], _ limits: LimitedProcess.Limits, _ paths: [String], _ watch: PluginThreads.Watch
    ) throws(ImportPluginError) -> [UInt8] {
        let outcome = try LimitedProcess.run(program, arguments, limits, watch)
        switch outcome.end {
        case .exit(0): return outcome.output
        case .signal(SIGXCPU), .signal(SIGKILL): throw .conversionFailed("qemu-img took too long")
        case .signal(SIGXFSZ): throw .tooLarge(Int64(clamping: limits.file))
        case .signal(let number): throw .conversionFailed("qemu-img was ended by signal \(number)")
        case .exit(let code):
            var text = String(decoding: outcome.errors.prefix(400), as: UTF8.self)
            for path in paths { text = text.replacing(path, with: "the image") }
            let line = text.split(separator: "\n").first.map(String.init) ?? "qemu-img ended with \(code)"
            if line.contains("No space left on device") { throw .noSpace }
            if line.contains("File too large") { throw .tooLarge(Int64(clamping: limits.file)) }
            throw .conversionFailed(line)
        }
    }
}
