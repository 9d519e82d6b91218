import ImageStore
import NIOCore
import NIOHTTP1
import TextCoding

/// What an upload has in Swift beside the image, by which its data are told from those of another one.
///
/// The mark `….part` is there before the first byte and goes when the upload's end is recorded. Who discards the upload first
/// turns it into `….gone`. A writer looks at its mark before it gives the image its name, and after: so whatever comes
/// between, one of the two sees the other and removes what is the upload's.
struct UploadMark: Sendable {
    let client: SwiftClient
    let names: UploadNames
    /// Where the image is.
    let container: String
    /// Where the mark is.
    let markContainer: String

    private var part: SwiftClient.Path { .init(markContainer, names.mark(.part)) }
    private var gone: SwiftClient.Path { .init(markContainer, names.mark(.gone)) }
    var image: SwiftClient.Path { .init(container, names.upload.imageID) }

    /// That of another upload of the image.
    func of(_ names: UploadNames) -> UploadMark {
        UploadMark(client: client, names: names, container: container, markContainer: markContainer)
    }

    func segment(_ number: Int) -> SwiftClient.Path { .init(container, names.segment(number)) }
    /// As a manifest has it.
    var manifest: String { "\(PercentEncoding.encode(container))/\(PercentEncoding.encode(names.segmentPrefix))" }

    static let discarded = StoreError.backend("the upload has been discarded")

    /// What the image is marked with, so that it is never replaced and its upload can be told.
    var imageHeaders: HTTPHeaders {
        [
            "If-None-Match": "*", SwiftClient.uploadHeader: names.upload.uploadID,
            "Content-Type": "application/octet-stream",
        ]
    }

    /// - Throws: ``StoreError/notFound`` when the container is missing.
    func make() async throws(StoreError) {
        try await client.put(part, headers: ["Content-Type": "application/octet-stream"])
    }

    /// Says that the upload goes on.
    ///
    /// - Parameter completes: whether the image is about to get its name. From then on its segments are never removed without
    ///   a look at the image.
    /// - Throws: when somebody has discarded the upload.
    func refresh(completes: Bool = false) async throws(StoreError) {
        let headers: HTTPHeaders = completes ? [SwiftClient.stageHeader: "complete"] : [:]
        let (status, _, _) = try await client.ask(.POST, part, headers: headers)
        if status == 404 { throw Self.discarded }
        guard 200..<300 ~= status else { throw StoreError(swiftStatus: status) }
    }

    /// Whether the image is there and is this upload's.
    func isImageOurs() async throws(StoreError) -> Bool? {
        try await client.facts(image).map { $0.uploadID == names.upload.uploadID }
    }

    /// Looks after the image has got its name whether it is this upload's, and whether it may have it.
    func confirm() async throws(StoreError) {
        guard try await isImageOurs() == true else { throw .duplicate }
        guard try await client.exists(part) else { throw Self.discarded }
    }

    /// Removes everything that is the upload's, the mark last. Nothing when its end was recorded, or when there is nothing.
    func discard(context: StoreContext) async throws(StoreError) {
        let hasPart = try await client.exists(part)
        if !hasPart, try await !client.exists(gone) { return }
        try context.requireTime()
        if hasPart {
            try await client.put(gone, headers: ["Content-Type": "application/octet-stream"])
            try await client.delete(part)
        }
        try await removeData(context: context)
        try await client.delete(gone)
    }

    /// What a writer does that gives up: its own data go, whether or not somebody else discards them as well.
    func withdraw() async throws(StoreError) {
        try await removeData(context: .service)
        try await client.delete(part)
    }

    private func removeData(context: StoreContext) async throws(StoreError) {
        if try await isImageOurs() == true {
            try context.requireTime()
            try await client.delete(image)
        }
        try await client.deleteAll(container, prefix: names.segmentPrefix, context: context)
    }

    /// Bytes of the upload's segments.
    func size() async throws(StoreError) -> Int64 {
        var size: Int64 = 0
        try await client.list(container, prefix: names.segmentPrefix) { entries in
            size += entries.reduce(0) { $0 + $1.size }
        }
        return size
    }

    /// How long ago the upload said that it goes on; nil when there is no mark.
    func age() async throws(StoreError) -> Duration? { try await client.facts(part)?.written.age }

    /// Whether the upload's end has not been recorded.
    func isUnsettled() async throws(StoreError) -> Bool {
        if try await client.exists(part) { return true }
        return try await client.exists(gone)
    }

    /// The end of the upload is recorded.
    func settle() async throws(StoreError) {
        let (status, headers, _) = try await client.ask(.HEAD, part)
        let isThere = 200..<300 ~= status
        guard isThere || status == 404 else { throw StoreError(swiftStatus: status) }
        if isThere, headers.first(name: SwiftClient.stageHeader) == nil {
            // Given up before the image could have got its name: nothing refers to the segments.
            try await client.deleteAll(container, prefix: names.segmentPrefix, context: .service)
        }
        if isThere { try await client.delete(part) }
        if !isThere, try await client.exists(gone) {
            try await client.deleteAll(container, prefix: names.segmentPrefix, context: .service)
            try await client.delete(gone)
        }
    }
}
