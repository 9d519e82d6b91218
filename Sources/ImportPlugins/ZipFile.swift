import CZlib

/// A zip archive with exactly one member (PKWARE's APPNOTE, 4.3 to 4.5). Its name is not looked at: it names no file here.
struct ZipFile {
    static let magic: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

    private let file: InputFile
    private let method: UInt64
    private let checksum: UInt64
    private let packedSize: Int64
    private let size: Int64
    private let start: Int64

    /// Reads the directory.
    init(_ file: InputFile) throws(ImportPluginError) {
        self.file = file
        let directory = try Self.directory(file)
        guard directory.entries == 1 else { throw .members(directory.entries) }
        let entry = Record(try file.bytes(at: directory.offset, count: Int(min(directory.size, 46 + 3 * 65535))))
        guard entry.number(0, 4) == 0x0201_4b50 else { throw Self.damaged }
        let (nameLength, extraLength) = (Int(entry.number(28, 2)), Int(entry.number(30, 2)))
        let length = 46 + nameLength + extraLength + Int(entry.number(32, 2))
        // A second entry that the number at the end conceals.
        guard directory.size == Int64(length), entry.bytes.count == length else { throw Self.damaged }
        guard entry.number(8, 2) & 0x2061 == 0 else { throw .damaged("the archive is encrypted") }
        method = entry.number(10, 2)
        guard method == 0 || method == 8 else { throw .damaged("the archive's method of compression is unknown") }
        if entry.bytes[46..<46 + nameLength].last == UInt8(ascii: "/") { throw .damaged("the member is a directory") }
        checksum = entry.number(16, 4)

        var wide = Self.wideNumbers(Record(Array(entry.bytes[(46 + nameLength)...].prefix(extraLength))))
        func number(_ offset: Int) throws(ImportPluginError) -> Int64 {
            let narrow = entry.number(offset, 4)
            if narrow != 0xFFFF_FFFF { return Int64(narrow) }
            guard let number = wide.popLast(), number <= Int64.max else { throw Self.damaged }
            return Int64(number)
        }
        size = try number(24)
        packedSize = try number(20)
        let local = try number(42)
        let header = Record(try file.bytes(at: local, count: 30))
        guard header.bytes.count == 30, header.number(0, 4) == 0x0403_4b50 else { throw Self.damaged }
        start = local + 30 + Int64(header.number(26, 2)) + Int64(header.number(28, 2))
        guard start <= directory.offset, packedSize <= directory.offset - start, method == 8 || packedSize == size
        else {
            throw Self.damaged
        }
    }

    func unpack(into output: OutputFile, limit: Int64, _ watch: PluginThreads.Watch) throws(ImportPluginError) {
        guard size <= limit else { throw .tooLarge(limit) }
        let input = Buffer()
        let unpacked = Buffer()
        let inflater = try Inflater(.raw)
        var offset = start
        let end = start + packedSize
        var sum = crc32(0, nil, 0)
        var isAtEnd = method == 0
        func write(_ bytes: UnsafeMutableRawBufferPointer) throws(ImportPluginError) {
            guard Int64(bytes.count) <= size - output.size else { throw Self.damaged }
            sum = crc32(sum, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(bytes.count))
            try output.write(UnsafeRawBufferPointer(bytes))
        }
        while offset < end {
            try watch.check()
            let part = UnsafeMutableRawBufferPointer(
                rebasing: input.bytes[..<Int(min(end - offset, Int64(input.bytes.count)))])
            guard try file.read(part, at: offset) == part.count else { throw Self.damaged }
            offset += Int64(part.count)
            if method == 0 {
                try write(part)
                continue
            }
            var rest = part
            while true {
                if isAtEnd { throw Self.damaged }
                let step = try inflater.step(rest, unpacked.bytes)
                try write(UnsafeMutableRawBufferPointer(rebasing: unpacked.bytes[..<step.produced]))
                rest = UnsafeMutableRawBufferPointer(rebasing: rest[step.consumed...])
                isAtEnd = step.isAtEnd
                if rest.isEmpty && (isAtEnd || step.produced < unpacked.bytes.count) { break }
                try watch.check()
            }
        }
        guard isAtEnd, output.size == size, UInt64(sum) == checksum else { throw Self.damaged }
    }

    private static let damaged = ImportPluginError.damaged("the archive contradicts itself")

    private struct Directory {
        var entries: UInt64
        var offset: Int64
        var size: Int64
    }

    /// The end of the archive says where the directory is: in 22 bytes and a comment, before which there may be the form with
    /// wider numbers.
    private static func directory(_ file: InputFile) throws(ImportPluginError) -> Directory {
        let tailOffset = max(0, file.size - 22 - 65535)
        let tail = Record(try file.bytes(at: tailOffset, count: Int(file.size - tailOffset)))
        guard
            let position = stride(from: tail.bytes.count - 22, through: 0, by: -1).first(where: {
                tail.number($0, 4) == 0x0605_4b50 && $0 + 22 + Int(tail.number($0 + 20, 2)) == tail.bytes.count
            })
        else { throw .damaged("their end is missing") }
        guard tail.number(position + 4, 4) == 0 else { throw .damaged("the archive has several volumes") }
        var end = tailOffset + Int64(position)
        var entries = tail.number(position + 10, 2)
        var size = tail.number(position + 12, 4)
        var offset = tail.number(position + 16, 4)
        if position >= 20, tail.number(position - 20, 4) == 0x0706_4b50 {
            let place = tail.number(position - 12, 8)
            guard place < UInt64(end) else { throw damaged }
            let record = Record(try file.bytes(at: Int64(place), count: 56))
            guard record.bytes.count == 56, record.number(0, 4) == 0x0606_4b50 else { throw damaged }
            entries = record.number(32, 8)
            size = record.number(40, 8)
            offset = record.number(48, 8)
            end = Int64(place)
        }
        guard offset <= UInt64(end), size == UInt64(end) - offset else { throw damaged }
        return Directory(entries: entries, offset: Int64(offset), size: Int64(size))
    }

    /// The numbers of the extra field 1, the last one first.
    private static func wideNumbers(_ extra: Record) -> [UInt64] {
        var position = 0
        while position + 4 <= extra.bytes.count {
            let length = Int(extra.number(position + 2, 2))
            if extra.number(position, 2) == 1, position + 4 + length <= extra.bytes.count {
                return stride(from: 0, to: length / 8 * 8, by: 8).map { extra.number(position + 4 + $0, 8) }.reversed()
            }
            position += 4 + length
        }
        return []
    }

    /// Little-endian numbers; what lies behind the end is zero.
    private struct Record {
        let bytes: [UInt8]

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func number(_ offset: Int, _ width: Int) -> UInt64 {
            guard offset >= 0, offset + width <= bytes.count else { return 0 }
            return bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
