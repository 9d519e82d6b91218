/// What the mount helper answers: `ok`, to `mount` with the descriptor of the export's root, or `error KIND TEXT`.
struct MountReply: Equatable, Sendable {
    let refusal: MountRefusal?

    static let limit = 4096

    var text: String {
        guard let refusal else { return "ok\n" }
        // A line is a line, whatever a program has said.
        let words = refusal.text.split { $0.isNewline }.joined(separator: " ")
        return "error \(refusal.kind.rawValue) \(words.prefix(1000))\n"
    }

    init(_ refusal: MountRefusal?) { self.refusal = refusal }

    /// Nil when it cannot be understood.
    init?(text: String) {
        let words = text.split(maxSplits: 2, whereSeparator: { $0 == " " || $0.isNewline }).map(String.init)
        if words == ["ok"] {
            refusal = nil
        } else if words.count == 3, words[0] == "error", let kind = MountRefusal.Kind(rawValue: words[1]) {
            refusal = MountRefusal(kind, words[2].split { $0.isNewline }.joined(separator: " "))
        } else {
            return nil
        }
    }
}
