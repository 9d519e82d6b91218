import NIOCore

/// Reading a request's body.
extension HTTPConnection {
    /// The next part of the body of request `number`: `nil` once the body is complete, and only then.
    func nextBodyPart(of number: Int) async throws -> ByteBuffer? {
        if channel.eventLoop.inEventLoop, let result = state.nextPart(of: number) { return try result.get() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if channel.eventLoop.inEventLoop {
                    awaitPart(continuation, number)
                } else {
                    channel.eventLoop.execute { self.awaitPart(continuation, number) }
                }
            }
        } onCancel: {
            channel.eventLoop.execute {
                if self.state.bodyNotWanted(of: number) {
                    self.takeBodyReader()?.resume(throwing: CancellationError())
                }
            }
        }
    }

    private func awaitPart(_ continuation: CheckedContinuation<ByteBuffer?, any Error>, _ number: Int) {
        switch state.bodyWanted(of: number, now: .now()) {
        case .result(let result): continuation.resume(with: result)
        case .wait(let sendsContinue, let reads):
            bodyReader = continuation
            if sendsContinue {
                context?.write(
                    wrapOutboundOut(.byteBuffer(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))), promise: nil)
                flush()
            }
            if reads { context?.read() }
        }
    }
}
