import Cryptography
public import NIOHTTP1
import TextCoding

/// Brings what a client's URL leads to into a file: the only way for data from outside.
///
/// Nothing of the body stays in memory, and a slow disk slows the server. A connection that breaks off is made again, and
/// after a crash the same call goes on, both from where the last one came to if the server can (Range with If-Range, RFC 9110,
/// 13.1.5 and 14.2), else from the beginning.
public struct ExternalDownload: Sendable {
    private let client: ExternalHTTPClient
    private let limits: DownloadLimits

    public init(client: ExternalHTTPClient, limits: DownloadLimits) {
        self.client = client
        self.limits = limits
    }

    /// Downloads the whole into the file. It is on the disk when this returns.
    ///
    /// - Parameters:
    ///   - headers: for the server of the URL; no secret among them goes to another one that it redirects to.
    ///   - size: bytes that it must be; nil if that is not known.
    ///   - progress: called after each MiB or so. What it does holds up the download.
    /// - Returns: bytes of the file.
    /// - Throws: whatever is thrown, the file may have been written to. ``ExternalHTTPError/publicText`` is for the client.
    @discardableResult
    public func run(
        _ url: ExternalURL, headers: HTTPHeaders = [:], size: Int64? = nil, into file: DownloadFile,
        progress: @Sendable (DownloadProgress) async -> Void = { _ in }
    ) async throws(ExternalHTTPError) -> Int64 {
        let transfer = transfer(url, headers)
        var checkpoint = try await file.resume(transfer.source)
        if let checkpoint, checkpoint.received == checkpoint.total, size ?? checkpoint.total == checkpoint.total {
            return checkpoint.total
        }
        var filling = Filling(transfer: transfer, limits: limits, size: size, file: file)
        var fruitless = 0
        var beginnings = 0
        for restart in 0... {
            if checkpoint == nil { beginnings += 1 }
            do throws(ExternalHTTPError) {
                return try await filling.run(from: checkpoint, progress)
            } catch {
                guard filling.hasBegun, error.mayPass, restart < limits.restarts, !Task.isCancelled else {
                    throw error
                }
                let isOnward = filling.checkpoint?.received ?? 0 > checkpoint?.received ?? 0
                fruitless = isOnward ? 0 : fruitless + 1
                guard fruitless < limits.fruitlessTries, isOnward || checkpoint != nil || beginnings < limits.beginnings
                else { throw error }
                await limits.pause(after: fruitless)
                try transfer.checkTime()
            }
            checkpoint = filling.checkpoint
        }
        throw .tooSlow
    }

    /// Begins to get the data, for whoever takes them as they come.
    ///
    /// - Parameters: as of ``run(_:headers:size:into:progress:)``.
    public func open(
        _ url: ExternalURL, headers: HTTPHeaders = [:], size: Int64? = nil
    ) async throws(ExternalHTTPError) -> ExternalBody {
        let transfer = transfer(url, headers)
        let (response, _) = try await transfer.open(nil)
        let expected = try limits.check(announced: response.contentLength, size)
        return ExternalBody(
            expected: expected, reader: ExternalBody.Reader(transfer, limits, response, expected: expected))
    }

    private func transfer(_ url: ExternalURL, _ headers: HTTPHeaders) -> ExternalTransfer {
        ExternalTransfer(
            client: client, url: url, headers: headers, source: Hexadecimal.text(Digest.sha256(url.text)),
            end: .now + limits.time)
    }

    /// The connections that fill one file, one after the other.
    private struct Filling {
        let transfer: ExternalTransfer
        let limits: DownloadLimits
        let size: Int64?
        let file: DownloadFile
        /// Whether the server has sent data: then it is worth asking it again.
        private(set) var hasBegun = false
        /// Where the next connection may begin; nil at the beginning.
        private(set) var checkpoint: DownloadCheckpoint?

        init(transfer: ExternalTransfer, limits: DownloadLimits, size: Int64?, file: DownloadFile) {
            self.transfer = transfer
            self.limits = limits
            self.size = size
            self.file = file
        }

        mutating func run(
            from start: DownloadCheckpoint?, _ progress: @Sendable (DownloadProgress) async -> Void
        ) async throws(ExternalHTTPError) -> Int64 {
            let (response, start) = try await transfer.open(start)
            if start == nil { try await file.restart() }
            checkpoint = start
            let expected = try limits.check(announced: start?.total ?? response.contentLength, size)
            hasBegun = true
            var writer = DownloadWriter(file, start ?? DownloadCheckpoint(source: transfer.source, response))
            do throws(ExternalHTTPError) {
                while let buffer = try await response.next() {
                    guard writer.received + Int64(buffer.readableBytes) <= limits.bytes else {
                        throw .tooLarge(limits.bytes)
                    }
                    try transfer.checkTime()
                    if try await writer.write(buffer) {
                        await progress(DownloadProgress(received: writer.received, expected: expected))
                    }
                }
                // Sequences also end when their reader is cancelled.
                if Task.isCancelled { throw .cancelled }
                if let expected, writer.received != expected {
                    throw .wrongSize(writer.received, expected: expected)
                }
            } catch {
                // Nothing may be written after this has returned, and what came is worth keeping.
                try await writer.finish()
                checkpoint = writer.checkpoint
                guard case .noConnection = error, let expected else { throw error }
                throw .wrongSize(writer.received, expected: expected)
            }
            try await writer.finish()
            await progress(DownloadProgress(received: writer.received, expected: expected))
            return writer.received
        }
    }
}
