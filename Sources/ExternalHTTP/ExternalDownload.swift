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
        let end = ContinuousClock.now + limits.time
        let source = Hexadecimal.text(Digest.sha256(url.text))
        var checkpoint = try await file.resume(source)
        if let checkpoint, checkpoint.received == checkpoint.total, size ?? checkpoint.total == checkpoint.total {
            return checkpoint.total
        }
        var transfer = Transfer(url: url, headers: headers, source: source, size: size, end: end, file: file)
        var fruitless = 0
        for restart in 0... {
            do throws(ExternalHTTPError) {
                return try await transfer.run(from: checkpoint, by: client, limits, progress)
            } catch {
                guard transfer.hasBegun, error.mayPass, restart < limits.restarts, !Task.isCancelled else {
                    throw error
                }
                // What begins anew each time is not begun for ever.
                if transfer.checkpoint?.received ?? 0 <= checkpoint?.received ?? 0 { fruitless += 1 }
                guard fruitless < limits.fruitlessTries else { throw error }
                guard ContinuousClock.now + limits.restartDelay < end else { throw .tooSlow }
                try? await Task.sleep(for: limits.restartDelay)
            }
            checkpoint = transfer.checkpoint
        }
        throw .tooSlow
    }

    /// The connections of one download, one after the other.
    private struct Transfer {
        let url: ExternalURL
        let headers: HTTPHeaders
        let source: String
        let size: Int64?
        let end: ContinuousClock.Instant
        let file: DownloadFile
        /// Whether the server has sent data: then it is worth asking it again.
        private(set) var hasBegun = false
        /// Where the next connection may begin; nil at the beginning.
        private(set) var checkpoint: DownloadCheckpoint?

        init(
            url: ExternalURL, headers: HTTPHeaders, source: String, size: Int64?, end: ContinuousClock.Instant,
            file: DownloadFile
        ) {
            self.url = url
            self.headers = headers
            self.source = source
            self.size = size
            self.end = end
            self.file = file
        }

        mutating func run(
            from start: DownloadCheckpoint?, by client: ExternalHTTPClient, _ limits: DownloadLimits,
            _ progress: @Sendable (DownloadProgress) async -> Void
        ) async throws(ExternalHTTPError) -> Int64 {
            let (response, start) = try await open(start, by: client)
            if start == nil { try await file.restart() }
            checkpoint = start
            let expected = start?.total ?? response.contentLength
            guard expected ?? 0 <= limits.bytes else { throw .tooLarge(limits.bytes) }
            if let size, let expected, size != expected { throw .wrongSize(expected, expected: size) }
            hasBegun = true
            var writer = DownloadWriter(file, start ?? DownloadCheckpoint(source: source, response))
            do throws(ExternalHTTPError) {
                while let buffer = try await response.next() {
                    guard writer.received + Int64(buffer.readableBytes) <= limits.bytes else {
                        throw .tooLarge(limits.bytes)
                    }
                    guard ContinuousClock.now < end else { throw .tooSlow }
                    if try await writer.write(buffer) {
                        await progress(DownloadProgress(received: writer.received, expected: expected ?? size))
                    }
                }
                // Sequences also end when their reader is cancelled.
                if Task.isCancelled { throw .cancelled }
                if let wanted = expected ?? size, writer.received != wanted {
                    throw .wrongSize(writer.received, expected: wanted)
                }
            } catch {
                // Nothing may be written after this has returned, and what came is worth keeping.
                try await writer.finish()
                checkpoint = writer.checkpoint
                guard case .noConnection = error, let wanted = expected ?? size else { throw error }
                throw .wrongSize(writer.received, expected: wanted)
            }
            try await writer.finish()
            await progress(DownloadProgress(received: writer.received, expected: expected ?? size))
            return writer.received
        }

        /// Asks for what is missing.
        ///
        /// - Returns: the answer, and what of `start` it goes on with; nil when it is the whole.
        private func open(
            _ start: DownloadCheckpoint?, by client: ExternalHTTPClient
        ) async throws(ExternalHTTPError) -> (ExternalHTTPResponse, DownloadCheckpoint?) {
            if let start, start.received > 0 {
                var headers = headers
                headers.replaceOrAdd(name: "Range", value: "bytes=\(start.received)-")
                headers.replaceOrAdd(name: "If-Range", value: start.validator)
                let response = try await client.send(.GET, url, headers: headers, source: .client)
                if response.status == .partialContent, response.contentRange == start.received..<start.total,
                    response.headers.first(name: "ETag") ?? start.validator == start.validator
                {
                    return (response, start)
                }
                if response.status == .ok { return (response, nil) }
                // 416 of a file that has become shorter, or a part that is not the one that was asked for.
                guard [206, 412, 416].contains(response.status.code) else {
                    throw .status(Int(response.status.code))
                }
            }
            let response = try await client.send(.GET, url, headers: headers, source: .client)
            guard response.status == .ok else { throw .status(Int(response.status.code)) }
            return (response, nil)
        }
    }
}
