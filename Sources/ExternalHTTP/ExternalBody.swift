public import NIOCore
import NIOHTTP1

/// The data that a client's URL leads to, for whoever can take them only once, from the beginning to the end: they are in no
/// file. A connection that breaks off is made again if the server can go on from the middle.
///
/// It has the same bounds as a download into a file. One task reads, once.
public struct ExternalBody: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer

    /// Bytes of the whole; nil where the server has not announced them.
    public let expected: Int64?
    private let reader: Reader

    init(expected: Int64?, reader: Reader) {
        self.expected = expected
        self.reader = reader
    }

    public func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let reader: Reader

        /// - Throws: ``ExternalHTTPError``.
        public mutating func next() async throws(ExternalHTTPError) -> ByteBuffer? { try await reader.next() }
    }

    /// `@unchecked`: one task at a time reads.
    final class Reader: @unchecked Sendable {
        private let transfer: ExternalTransfer
        private let limits: DownloadLimits
        private let expected: Int64?
        private var response: ExternalHTTPResponse
        private var checkpoint: DownloadCheckpoint?
        private var received: Int64 = 0
        private var restarts = 0
        private var fruitless = 0

        init(
            _ transfer: ExternalTransfer, _ limits: DownloadLimits, _ response: ExternalHTTPResponse, expected: Int64?
        ) {
            self.transfer = transfer
            self.limits = limits
            self.expected = expected
            self.response = response
            checkpoint = DownloadCheckpoint(source: transfer.source, response)
        }

        func next() async throws(ExternalHTTPError) -> ByteBuffer? {
            while true {
                do throws(ExternalHTTPError) {
                    guard let buffer = try await response.next() else {
                        if Task.isCancelled { throw .cancelled }
                        if let expected, received != expected { throw .wrongSize(received, expected: expected) }
                        return nil
                    }
                    received += Int64(buffer.readableBytes)
                    guard received <= limits.bytes else { throw .tooLarge(limits.bytes) }
                    try transfer.checkTime()
                    fruitless = 0
                    return buffer
                } catch {
                    try await goOn(after: error)
                }
            }
        }

        /// Asks for the rest, or throws what has happened.
        private func goOn(after error: ExternalHTTPError) async throws(ExternalHTTPError) {
            var error = error
            checkpoint?.received = received
            while true {
                if case .noConnection = error, let expected { error = .wrongSize(received, expected: expected) }
                restarts += 1
                fruitless += 1
                guard let checkpoint, error.mayPass, restarts <= limits.restarts, fruitless <= limits.fruitlessTries,
                    !Task.isCancelled
                else { throw error }
                await limits.pause(after: fruitless)
                try transfer.checkTime()
                let answer: (response: ExternalHTTPResponse, start: DownloadCheckpoint?)
                do throws(ExternalHTTPError) {
                    answer = try await transfer.open(checkpoint)
                } catch let failure {
                    error = failure
                    continue
                }
                // Other data than those that were received. The beginning is as good while there were none.
                guard answer.start == checkpoint || received == 0 else { throw error }
                response = answer.response
                return
            }
        }
    }
}
