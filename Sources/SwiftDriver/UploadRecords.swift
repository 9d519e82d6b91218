import ImageStore
import NIOCore
import NIOHTTP1
import TextCoding

/// Uploads into the accounts of users that are under way, written down in the service's own account. By them another process
/// finds what one has left that was killed: users' accounts cannot be looked through.
///
/// Without a user of its own the service writes down nothing.
struct UploadRecords: Sendable {
    /// Where an upload goes.
    struct Record: Sendable {
        /// URL of the user's account.
        var account: String
        /// Id of the trust by which the upload goes on when the user's token ends.
        var trust: String?
        /// When it was written down, by the server's clock.
        var written = Timestamp.now
    }

    private static let accountHeader = "X-Object-Meta-Glance-Account"
    private static let trustHeader = "X-Object-Meta-Glance-Trust"

    let settings: SwiftSettings
    let connections: SwiftConnections

    /// They are named like the marks of a store with one account.
    private func path(_ names: UploadNames) -> SwiftClient.Path { .init(settings.container, names.mark(.part)) }

    /// Nil without a user of the service's own.
    private func client() async throws(StoreError) -> SwiftClient? {
        guard let account = settings.accounts.standard else { return nil }
        return try await connections.client(for: account, requestID: nil)
    }

    func write(_ record: Record, of names: UploadNames) async throws(StoreError) {
        guard let client = try await client() else { return }
        var headers: HTTPHeaders = ["Content-Type": "application/octet-stream", Self.accountHeader: record.account]
        if let trust = record.trust { headers.add(name: Self.trustHeader, value: trust) }
        do throws(StoreError) {
            try await client.put(path(names), headers: headers)
        } catch .notFound {
            try await client.makeContainer(settings.container, settings)
            try await client.put(path(names), headers: headers)
        }
    }

    /// Nil when there is none, or none of an upload into a user's account.
    func record(of names: UploadNames) async throws(StoreError) -> Record? {
        guard let client = try await client() else { return nil }
        let (status, headers, _) = try await client.ask(.HEAD, path(names))
        if status == 404 { return nil }
        guard 200..<300 ~= status else { throw StoreError(swiftStatus: status) }
        return headers.first(name: Self.accountHeader).map {
            Record(account: $0, trust: headers.first(name: Self.trustHeader), written: SwiftClient.time(headers))
        }
    }

    func remove(_ names: UploadNames) async throws(StoreError) {
        _ = try await client()?.delete(path(names))
    }

    /// Those that were made so long ago.
    func all(minimumAge: Duration) async throws(StoreError) -> [UploadNames] {
        guard let client = try await client() else { return [] }
        var found: [UploadNames] = []
        try await client.list(settings.container, prefix: UploadNames.markPrefix) { entries in
            for entry in entries where entry.written.age >= minimumAge {
                if let names = UploadNames(mark: entry.name) { found.append(names) }
            }
        }
        return found
    }
}
