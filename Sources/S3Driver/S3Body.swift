import ImageStore
import NIOCore
import OutgoingHTTP

/// An object's data as they come. When the connection breaks off, the rest is asked for: of the same version of the object,
/// from the byte that is missing.
///
/// `@unchecked`: an iterator may be used by one task at a time, which ``StoreChunks`` demands of its users.
final class S3Body: @unchecked Sendable {
    private let bucket: S3Bucket
    private let key: String
    private let tag: String?
    private let end: Int64
    private var position: Int64
    private var response: OutgoingResponse?
    /// Failures since the last byte that came, and when the first of them was.
    private var failures = 0
    private var failing = ContinuousClock.now

    init(_ response: OutgoingResponse, bucket: S3Bucket, key: String, range: Range<Int64>) {
        self.response = response
        self.bucket = bucket
        self.key = key
        tag = response.headers.first(name: "ETag")
        (position, end) = (range.lowerBound, range.upperBound)
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        while position < end {
            do throws(S3Failure) {
                let response = try await current()
                let buffer: ByteBuffer?
                do throws(OutgoingHTTPError) {
                    buffer = try await response.next()
                } catch {
                    throw .unreachable(error)
                }
                guard let buffer else { throw .unreachable(.brokenOff) }
                guard Int64(buffer.readableBytes) <= end - position else {
                    throw .unintelligible("more bytes than were announced")
                }
                position += Int64(buffer.readableBytes)
                failures = 0
                if buffer.readableBytes > 0 { return buffer }
            } catch {
                response = nil
                if failures == 0 { failing = .now }
                failures += 1
                guard error.mayPass, S3Patience.long.allowsAnother(after: failures, since: failing), !Task.isCancelled
                else {
                    throw Self.storeError(error)
                }
                try? await Task.sleep(for: S3Patience.long.pause(after: failures))
            }
        }
        response = nil
        return nil
    }

    private func current() async throws(S3Failure) -> OutgoingResponse {
        if let response { return response }
        let rest = position..<end
        let opened = try await bucket.open(key, range: rest, tag: tag, .none)
        guard opened.contentRange == rest else { throw .unintelligible("other bytes than those that were asked for") }
        response = opened
        return opened
    }

    /// In the middle of its data an object that is not there, or another one, is not "not found".
    private static func storeError(_ failure: S3Failure) -> StoreError {
        if failure.isNotFound || failure.isPreconditionFailed {
            return .backend("the object was removed or replaced while it was read")
        }
        return failure.storeError
    }
}
