/// The queue of one consumer of an upload's blocks. Its length is bounded by the upload's window.
struct UploadLane: Sendable {
    /// Ends early when the task is cancelled, so a consumer has to ask `Task.checkCancellation()` afterwards.
    let blocks: AsyncStream<UploadBlock>
    private let continuation: AsyncStream<UploadBlock>.Continuation

    init() {
        (blocks, continuation) = AsyncStream.makeStream(of: UploadBlock.self)
    }

    func send(_ block: UploadBlock) { continuation.yield(block) }
    func end() { continuation.finish() }
}
