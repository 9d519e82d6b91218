public import ExternalHTTP
public import NIOCore

/// The import method `web-download`: data from a URL that the client names.
public struct WebDownload: Sendable {
    private let filter: ExternalURLFilter
    private let download: ExternalDownload

    /// - Parameter eventLoopGroup: where connections live; nil is NIO's shared group.
    public init(_ settings: ImportSourceSettings, eventLoopGroup: (any EventLoopGroup)? = nil) {
        filter = settings.filter
        download = ExternalDownload(
            client: ExternalHTTPClient(
                settings: settings.client, filter: settings.filter, eventLoopGroup: eventLoopGroup),
            limits: settings.limits)
    }

    /// Whether a request may name this URI. What it leads to is checked again when it is contacted, and at each redirect.
    ///
    /// - Throws: ``ImportSourceError/invalid(_:)``, with one text for every reason, so that it tells nothing about the network
    ///   (CVE-2017-7200).
    public func check(_ uri: String) async throws(ImportSourceError) {
        guard !uri.isEmpty else { throw .invalid("URI is required if using 'web-download' import method.") }
        guard let url = ExternalURL(uri), (try? await filter.check(url)) != nil else {
            throw .invalid("The URI is not allowed as a source of imports.")
        }
    }

    /// Brings the data into the file, all of them on the disk.
    ///
    /// - Returns: bytes.
    public func fetch(
        _ uri: String, into file: DownloadFile, progress: @Sendable (DownloadProgress) async -> Void = { _ in }
    ) async throws(ImportSourceError) -> Int64 {
        guard let url = ExternalURL(uri) else { throw .download(.refused) }
        do throws(ExternalHTTPError) {
            return try await download.run(url, into: file, progress: progress)
        } catch {
            throw .download(error)
        }
    }

    /// Begins to get the data, for whoever takes them as they come and needs no file.
    public func open(_ uri: String) async throws(ImportSourceError) -> ExternalBody {
        guard let url = ExternalURL(uri) else { throw .download(.refused) }
        do throws(ExternalHTTPError) {
            return try await download.open(url)
        } catch {
            throw .download(error)
        }
    }
}
