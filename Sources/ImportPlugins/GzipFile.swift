/// A gzip file: one member or several, which are one text, and zeros behind them at most (RFC 1952, 2.2).
struct GzipFile {
    static let magic: [UInt8] = [0x1F, 0x8B, 0x08]

    let file: InputFile

    func unpack(into output: OutputFile, _ watch: PluginThreads.Watch) throws(ImportPluginError) {
        let input = Buffer()
        let unpacked = Buffer()
        let inflater = try Inflater(.gzip)
        var offset: Int64 = 0
        var isInMember = true
        while true {
            try watch.check()
            let count = try file.read(input.bytes, at: offset)
            if count == 0 { break }
            offset += Int64(count)
            var rest = UnsafeMutableRawBufferPointer(rebasing: input.bytes[..<count])
            while true {
                if !isInMember {
                    let padding = rest.prefix { $0 == 0 }.count
                    rest = UnsafeMutableRawBufferPointer(rebasing: rest[padding...])
                    if rest.isEmpty { break }
                    guard rest[0] == Self.magic[0] else { throw .damaged("something else follows them") }
                    inflater.reset()
                    isInMember = true
                }
                let step = try inflater.step(rest, unpacked.bytes)
                try output.write(UnsafeRawBufferPointer(rebasing: unpacked.bytes[..<step.produced]))
                rest = UnsafeMutableRawBufferPointer(rebasing: rest[step.consumed...])
                if step.isAtEnd { isInMember = false }
                if rest.isEmpty && (step.isAtEnd || step.produced < unpacked.bytes.count) { break }
                try watch.check()
            }
        }
        if isInMember { throw .damaged("their end is missing") }
    }
}
