import HTTPTypes
import Hummingbird
import NIOCore

/// Writes the body of the response that a connection is sending, as fast as the client takes it.
struct ConnectionWriter: FileRegionWriter {
    let connection: HTTPConnection
    let exchange: Int

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await connection.write(buffer, of: exchange)
    }

    mutating func write(descriptor: Int32, region: Range<Int64>) async throws {
        let reader = FileReader(descriptor: descriptor)
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
        // The descriptor stays the caller's. No write is under way any more when we come here.
        defer { _ = try? handle.takeDescriptorOwnership() }
        var offset = region.lowerBound
        while offset < region.upperBound {
            let piece = offset..<min(region.upperBound, offset + FileReader.pieceSize)
            if try !reader.isResident(piece) { try await reader.load(piece, of: region) }
            let file = FileRegion(
                fileHandle: handle, readerIndex: Int(piece.lowerBound), endIndex: Int(piece.upperBound))
            try await connection.write(file, of: exchange)
            offset = piece.upperBound
        }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await connection.finish(trailers: trailingHeaders, of: exchange)
    }
}
