import HTTPServer
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Bytes of a body that went out.
final class ByteCount: Sendable {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    /// Whether the body's end has come.
    var isEnded: Bool { ended.load(ordering: .relaxed) }

    private let ended = Atomic(false)

    func add(_ bytes: Int64) { count.add(bytes, ordering: .relaxed) }

    func end() { ended.store(true, ordering: .relaxed) }
}

/// Counts what passes on its way to the connection, and keeps the way open for `sendfile(2)` where there is one.
struct CountingBodyWriter<Next: ResponseBodyWriter>: ResponseBodyWriter {
    var next: Next
    let count: ByteCount
    let beforeEnd: @Sendable () -> Void

    @concurrent mutating func write(_ buffer: ByteBuffer) async throws {
        try await next.write(buffer)
        count.add(Int64(buffer.readableBytes))
    }

    @concurrent consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        count.end()
        beforeEnd()
        try await next.finish(trailingHeaders)
    }
}

extension CountingBodyWriter: FileRegionWriter where Next: FileRegionWriter {
    @concurrent mutating func write(descriptor: Int32, region: Range<Int64>) async throws {
        try await next.write(descriptor: descriptor, region: region)
        count.add(region.upperBound - region.lowerBound)
    }
}

/// - Parameter beforeEnd: called when the whole body is written, before its end goes out.
/// - Returns: a counting writer that can send files if `next` can.
func counting(
    _ next: any ResponseBodyWriter, _ count: ByteCount, beforeEnd: @escaping @Sendable () -> Void = {}
) -> any ResponseBodyWriter {
    func open(_ next: some FileRegionWriter) -> any ResponseBodyWriter {
        CountingBodyWriter(next: next, count: count, beforeEnd: beforeEnd)
    }
    func open(_ next: some ResponseBodyWriter) -> any ResponseBodyWriter {
        CountingBodyWriter(next: next, count: count, beforeEnd: beforeEnd)
    }
    if let fileWriter = next as? any FileRegionWriter { return open(fileWriter) }
    return open(next)
}
