import Hummingbird
import Synchronization

/// Counts the uploads and downloads that are under way.
final class TransferCount: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    /// Runs a transfer.
    func counting<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        count.add(1, ordering: .relaxed)
        defer { count.subtract(1, ordering: .relaxed) }
        return try await body()
    }

    /// A body that counts as long as it is being sent.
    func counting(_ body: ResponseBody) -> ResponseBody {
        ResponseBody(contentLength: body.contentLength) { writer in
            self.count.add(1, ordering: .relaxed)
            defer { self.count.subtract(1, ordering: .relaxed) }
            try await body.write(writer)
        }
    }
}
