import NIOHTTP1

/// Where data come from, for the connections of one download.
struct ExternalTransfer: Sendable {
    let client: ExternalHTTPClient
    let url: ExternalURL
    let headers: HTTPHeaders
    /// See ``DownloadCheckpoint/source``.
    let source: String
    /// When it has to be over.
    let end: ContinuousClock.Instant

    func checkTime() throws(ExternalHTTPError) {
        guard ContinuousClock.now < end else { throw .tooSlow }
    }

    /// Asks for what is missing.
    ///
    /// - Returns: the answer, and what of `start` it goes on with; nil when it is the whole.
    func open(
        _ start: DownloadCheckpoint?
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
