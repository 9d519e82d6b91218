public import Hummingbird
import NIOCore
import NIOPosix

/// A body writer that can hand a region of a file to `sendfile(2)`.
public protocol FileRegionWriter: ResponseBodyWriter {
    /// Sends `region` (byte offsets) of the open file and returns when the kernel has taken all of it. Does not close
    /// the descriptor.
    ///
    /// - Throws: when the client went away, or the file is shorter than `region` says.
    @concurrent mutating func write(descriptor: Int32, region: Range<Int64>) async throws
}

extension ResponseBody {
    /// A body that is a region of an open file. The descriptor is closed once, when the body was sent or dropped.
    ///
    /// - Parameters:
    ///   - descriptor: open for reading; the body owns it from now on.
    ///   - region: byte offsets in the file.
    public static func file(descriptor: Int32, region: Range<Int64>) -> ResponseBody {
        let file = OwnedDescriptor(descriptor)
        return ResponseBody(contentLength: Int(region.upperBound - region.lowerBound)) { writer in
            if var sender = writer as? any FileRegionWriter {
                try await sender.write(descriptor: file.number, region: region)
            } else {
                // A middleware that looks at the bytes has wrapped the writer, so they have to pass through memory.
                try await FileReader(descriptor: file.number).copy(region, to: &writer)
            }
            try await writer.finish(nil)
        }
    }
}

/// Closes a descriptor when the last reference goes.
private final class OwnedDescriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { _ = closeDescriptor(number) }
}
