import CLinux
import NIOCore

extension HTTPConnection {
    private var timeout: TimeAmount? {
        let seconds = state.options.clientSocketTimeout
        return seconds > 0 ? .seconds(Int64(min(seconds, 1 << 31))) : nil
    }

    /// Starts to watch for a client that neither sends what we wait for nor takes what we send. A request's head has to be
    /// whole in that time, however its bytes trickle.
    ///
    /// The clock is due no later than the timeout after the first byte of a head, so that a head needs none of its own.
    func startClock() {
        guard let timeout else { return }
        lastProgress = .now()
        checkClock(at: lastProgress + timeout)
    }

    private func checkClock(at deadline: NIODeadline) {
        timer = channel.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.clockStruck() }
    }

    private func clockStruck() {
        guard let context, let timeout else { return }
        let queued = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        if !isReading && queued == 0 {
            // A handler is at work; the client has nothing to do.
            lastProgress = .now()
        } else if queued > 0 {
            // Only the peer's acknowledgements tell a slow reader from one that has stopped.
            let bytes = acknowledgedBytes()
            if bytes != acknowledged { lastProgress = .now() }
            acknowledged = bytes
        }
        let deadline = min(lastProgress, headBegan ?? lastProgress) + timeout
        guard deadline <= .now() else { return checkClock(at: deadline) }
        if queued > 0 {
            abort()
        } else if let reader = takeBodyReader() {
            inputEnd = RequestBodyError.timedOut
            checkClock(at: .now() + timeout)
            reader.resume(throwing: RequestBodyError.timedOut)
        } else if headBegan != nil, exchange == nil, case .open = phase {
            checkClock(at: .now() + timeout)
            refuse(.incompleteInTime)
        } else {
            close()
        }
    }

    private func acknowledgedBytes() -> Int64 {
        let bytes = try? context?.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { clinux_tcp_bytes_acked($0) }
        return (bytes ?? nil) ?? -1
    }
}
