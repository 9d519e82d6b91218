import ImageStore
import NIOCore
import OutgoingHTTP

/// The bytes of a file that were asked for. Where the connection breaks off it goes on at the same place with another request:
/// an image's file never changes. Dropping it ends the request.
///
/// `@unchecked`: an iterator may be used by one task at a time, which ``StoreChunks`` demands of its users.
final class DatastoreBody: @unchecked Sendable {
    private let folder: DatastoreFolder
    private let name: String
    private var response: OutgoingResponse
    /// What is still to come.
    private var rest: Range<Int64>
    private var interruptions: Int
    /// Bytes to drop before the first one of ``rest``.
    private var toSkip: Int64

    /// - Parameters:
    ///   - response: to a request for `range`.
    ///   - retries: how often the data may break off.
    init(_ response: OutgoingResponse, of name: String, in folder: DatastoreFolder, range: Range<Int64>, retries: Int) {
        self.response = response
        self.name = name
        self.folder = folder
        rest = range
        interruptions = retries
        toSkip = response.status == .ok ? range.lowerBound : 0
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        while !rest.isEmpty {
            do throws(OutgoingHTTPError) {
                guard var buffer = try await response.next() else { throw .brokenOff }
                let skipped = min(toSkip, Int64(buffer.readableBytes))
                buffer.moveReaderIndex(forwardBy: Int(skipped))
                toSkip -= skipped
                buffer = buffer.readSlice(length: min(buffer.readableBytes, rest.count)) ?? buffer
                guard buffer.readableBytes > 0 else { continue }
                rest = rest.lowerBound + Int64(buffer.readableBytes)..<rest.upperBound
                await folder.keepAlive()
                return buffer
            } catch {
                guard error == .brokenOff || error == .timeout, interruptions > 0 else {
                    throw VSphereError.http(error).storeError
                }
                interruptions -= 1
                let (folder, name, rest) = (folder, name, rest)
                response = try await translating { () async throws(VSphereError) in
                    try await folder.open(name, bytes: rest)
                }
                toSkip = response.status == .ok ? rest.lowerBound : 0
            }
        }
        return nil
    }
}
