#if !FUZZING
    @testable import ImageFormat
#endif

/// What is true of every inspector, whatever bytes it gets. The fuzzer and the tests look at the same.
struct InspectorProperties {
    /// Also the name of a folder in `Tests/Fuzz/corpus`.
    let name: String
    private let inspectors: @Sendable () -> [any FormatInspector]
    /// Where the pieces of an input are put, and how long all but the last are: what lies between them is zero.
    private let pieces: [(offset: Int, count: Int)]

    struct Violation: Error {
        let property: String
    }

    static let all: [InspectorProperties] = [
        InspectorProperties("gpt") { [GPTInspector()] }, InspectorProperties("luks") { [LUKSInspector()] },
        InspectorProperties("qcow2") { [QCOWInspector()] }, InspectorProperties("qed") { [QEDInspector()] },
        InspectorProperties("vdi") { [VDIInspector()] },
        InspectorProperties("vhd") { [VHDInspector(mayBeFixed: true)] },
        InspectorProperties("vmdk") { [VMDKInspector()] },
        InspectorProperties("iso", [(32768, 0)]) { [ISOInspector()] },
        InspectorProperties("vhdx", [(0, 8), (192 << 10, 144), (1 << 20, 256), (1 << 20 + 64 << 10, 0)]) {
            [VHDXInspector()]
        },
        InspectorProperties("all", [(0, 600), (32768, 0)]) {
            [
                GPTInspector(), ISOInspector(), LUKSInspector(), QCOWInspector(), QEDInspector(), VDIInspector(),
                VHDInspector(mayBeFixed: true), VHDXInspector(), VMDKInspector(),
            ]
        },
    ]

    private init(
        _ name: String, _ pieces: [(offset: Int, count: Int)] = [(0, 0)],
        inspectors: @escaping @Sendable () -> [any FormatInspector]
    ) {
        self.name = name
        self.pieces = pieces
        self.inspectors = inspectors
    }

    func check(_ input: UnsafeRawBufferPointer) throws(Violation) {
        let whole = inspect(input, block: .max)
        // Few enough that a long input takes no long time.
        let cut = inspect(input, block: max(1 + Int(input.last ?? 0) * 3, input.count / 24))
        guard whole.content == cut.content else { throw Violation(property: "blocks make no difference") }
        guard max(whole.kept, cut.kept) <= 1 << 20 + 128 << 10 else { throw Violation(property: "memory is bounded") }
        for finding in whole.content.findings where (finding.virtualSize ?? 0) < 0 {
            throw Violation(property: "sizes are not negative")
        }
        for declared in ["raw", name] {
            for requiresMatch in [true, false] {
                let rules = InspectionRules(
                    requiresMatch: requiresMatch, vmdkTypes: ["monolithicSparse"], toleratedChecks: ["mbr"])
                let size: Int64?
                do throws(InspectionRefusal) {
                    size = try rules.judge(whole.content, declared: declared).virtualSize
                } catch {
                    size = nil
                    guard error.description.utf8.count < 2000 else { throw Violation(property: "reasons are short") }
                }
                guard size != 0 else { throw Violation(property: "no size is none") }
            }
        }
    }

    private func inspect(_ input: UnsafeRawBufferPointer, block: Int) -> (content: ImageContent, kept: Int) {
        var inspection = ContentInspection(inspectors: inspectors())
        var (position, start, kept) = (0, 0, 0)
        func take(_ bytes: UnsafeRawBufferPointer, by block: Int) {
            var bytes = bytes
            while !bytes.isEmpty {
                let count = min(block, bytes.count)
                inspection.consume(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
            }
            kept = max(kept, inspection.streams.reduce(0) { $0 + $1.buffer.count })
        }
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1
            let count = isLast ? input.count - start : min(piece.count, input.count - start)
            guard count > 0 else { break }
            while position < piece.offset {
                let gap = min(piece.offset - position, Self.zeros.count)
                Self.zeros.withUnsafeBytes { take(UnsafeRawBufferPointer(rebasing: $0[..<gap]), by: .max) }
                position += gap
            }
            take(UnsafeRawBufferPointer(rebasing: input[start..<start + count]), by: block)
            (start, position) = (start + count, position + count)
        }
        return (inspection.finish(), kept)
    }

    private static let zeros = [UInt8](repeating: 0, count: 1 << 20)
}
