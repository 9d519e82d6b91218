import Testing

/// A row of the Images API's tables, in a few words, and what shows that it holds.
struct Row: Sendable, CustomTestStringConvertible {
    /// The request and its answer, such as `PUT /v2/images/{id}/file: 409 unless the image is queued`.
    let text: String
    /// Lines for `[DEFAULT]`.
    let options: String
    let isMultiStore: Bool
    let check: @Sendable (RowSite) async throws -> Void

    init(
        _ text: String, options: String = "", isMultiStore: Bool = false,
        _ check: @escaping @Sendable (RowSite) async throws -> Void
    ) {
        self.text = text
        self.options = options
        self.isMultiStore = isMultiStore
        self.check = check
    }

    var testDescription: String { text }

    /// Checks the row on a site of its own.
    func run() async throws {
        try await check(try await RowSite(options, isMultiStore: isMultiStore))
    }
}
