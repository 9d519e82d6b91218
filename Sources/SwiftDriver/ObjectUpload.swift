import ImageStore
import NIOCore
import NIOHTTP1
import OutgoingHTTP

/// One object on its way to Swift. It is there when all of it has arrived, and not at all otherwise.
///
/// The request runs in a task of its own, whatever becomes of the tasks that feed it.
final class ObjectUpload: Sendable {
    private let pipe = BodyPipe()
    private let answer: Task<Result<UInt, StoreError>, Never>

    /// - Parameter length: bytes, where that is known: then Swift can refuse at once what a quota has no room for.
    init(_ client: SwiftClient, _ path: SwiftClient.Path, headers: HTTPHeaders, length: Int64?) {
        answer = Task { [pipe] in
            let result: Result<UInt, StoreError>
            do throws(StoreError) {
                result = .success(try await client.upload(path, headers: headers, length: length, pipe))
            } catch {
                result = .failure(error)
            }
            pipe.close()
            return result
        }
    }

    deinit { pipe.abort() }

    /// Hands bytes on; returns when there is room for more.
    func write(_ buffer: ByteBuffer) async throws(StoreError) {
        guard await pipe.write(buffer) else { throw await failure() }
    }

    /// All bytes have been written. ``result()`` says what came of it.
    func finish() { pipe.finish() }

    /// - Throws: why Swift does not have the object.
    func result() async throws(StoreError) {
        let status = try await answer.value.get()
        guard 200..<300 ~= status else { throw StoreError(swiftStatus: status) }
    }

    /// Ends the request; returns when it is over.
    func abort() async {
        pipe.abort()
        _ = await answer.value
    }

    private func failure() async -> StoreError {
        do throws(StoreError) {
            try await result()
            return .backend("Swift has ended an upload before all of it was there")
        } catch {
            return error
        }
    }
}
