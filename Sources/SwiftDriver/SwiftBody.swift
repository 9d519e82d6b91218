import ImageStore
import NIOCore
import OutgoingHTTP

/// The bytes of an object that were asked for, taken up again where they broke off, as often as the store's options say.
///
/// `@unchecked`: an iterator may be used by one task at a time, which ``StoreChunks`` demands of its users.
final class SwiftBody: @unchecked Sendable {
    private let client: SwiftClient
    private let path: SwiftClient.Path
    private var response: OutgoingResponse
    private let tag: String?
    private var position: Int64
    private let end: Int64
    private var retries: Int
    private var pause: Duration = .milliseconds(250)

    /// - Parameter range: the bytes that the response has.
    init(
        _ response: OutgoingResponse, client: SwiftClient, path: SwiftClient.Path, range: Range<Int64>, retries: Int
    ) {
        self.response = response
        self.client = client
        self.path = path
        tag = response.headers.first(name: "ETag")
        position = range.lowerBound
        end = range.upperBound
        self.retries = retries
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        while position < end {
            do throws(StoreError) {
                if var buffer = try await received() {
                    if Int64(buffer.readableBytes) > end - position {
                        buffer = buffer.getSlice(at: buffer.readerIndex, length: Int(end - position)) ?? buffer
                    }
                    position += Int64(buffer.readableBytes)
                    if buffer.readableBytes > 0 { return buffer }
                } else {
                    throw .backend("Swift ended the data too early")
                }
            } catch {
                try await takeUpAgain(after: error)
            }
        }
        return nil
    }

    private func received() async throws(StoreError) -> ByteBuffer? {
        do throws(OutgoingHTTPError) {
            return try await response.next()
        } catch {
            throw StoreError(error, "Swift's data broke off")
        }
    }

    private func takeUpAgain(after failure: StoreError) async throws(StoreError) {
        var failure = failure
        while retries > 0, !Task.isCancelled {
            retries -= 1
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(10))
            do throws(StoreError) {
                let next = try await client.download(path, range: position..<end)
                guard next.status == .partialContent, next.contentRange == position..<end,
                    tag == nil || next.headers.first(name: "ETag") == tag
                else { throw StoreError(swiftStatus: next.status.code) }
                response = next
                return
            } catch {
                failure = error
            }
        }
        throw failure
    }
}
