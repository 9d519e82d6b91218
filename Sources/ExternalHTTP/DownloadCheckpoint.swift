/// What is known for sure about a download that is under way: so much of that very representation is on the disk.
///
/// A server that tells no strong validator, no length or no support of ranges (RFC 9110, 8.8.1 and 14.3) gives none: its
/// downloads begin anew.
struct DownloadCheckpoint: Sendable, Equatable {
    /// SHA-256 of the URL: entity tags are only good for the URL that they were got with. Not the URL, which can hold logins.
    var source: String
    /// The strong entity tag.
    var validator: String
    /// Bytes of the whole.
    var total: Int64
    /// Bytes from the beginning that are there.
    var received: Int64

    /// From the head of an answer with the whole; nil if a later request could not go on from the middle.
    init?(source: String, _ response: ExternalHTTPResponse) {
        guard let tag = response.headers.first(name: "ETag"), tag.hasPrefix("\""), tag.utf8.count <= 512,
            tag.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let total = response.contentLength,
            response.headers[canonicalForm: "Accept-Ranges"].contains(where: { $0.lowercased() == "bytes" })
        else { return nil }
        self.source = source
        validator = tag
        self.total = total
        received = 0
    }

    /// Reads what ``text`` has written; nil for anything else.
    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 6, lines[0] == Self.mark, lines[5].isEmpty, let total = Int64(lines[3]),
            let received = Int64(lines[4]), 0...total ~= received
        else { return nil }
        source = String(lines[1])
        validator = String(lines[2])
        self.total = total
        self.received = received
    }

    /// Lines of a small file.
    var text: String { "\(Self.mark)\n\(source)\n\(validator)\n\(total)\n\(received)\n" }

    private static let mark = "glance download 1"
}
