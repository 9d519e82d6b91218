/// The order of revisions: what is applied when `alembic_version` holds certain rows, and what is still to do.
struct RevisionGraph: Sendable {
    private let revisions: [Revision]
    private let byID: [String: Revision]

    init(_ revisions: [Revision] = Revisions.all) {
        self.revisions = revisions
        byID = Dictionary(revisions.map { ($0.id, $0) }) { first, _ in first }
    }

    /// Names under which early releases stored a contract head.
    static let renamed = ["ocata01": "ocata_contract01", "pike01": "pike_contract01"]

    func contains(_ id: String) -> Bool { byID[id] != nil }

    /// The revisions given and everything before them.
    func closure(_ ids: some Sequence<String>) -> Set<String> {
        var result: Set<String> = []
        var open = Array(ids)
        while let id = open.popLast() {
            guard let revision = byID[id], result.insert(id).inserted else { continue }
            open += [revision.parent, revision.dependency].compactMap { $0 }
        }
        return result
    }

    /// What has to be applied, in order, to get from the rows `current` to `target`.
    func path(from current: [String], to target: String) -> [Revision] {
        let (applied, wanted) = (closure(current), closure([target]))
        return revisions.filter { wanted.contains($0.id) && !applied.contains($0.id) }
    }

    /// The rows that say what `current` and then `applied` say: no row stands before another.
    func rows(_ current: [String], applying applied: String) -> [String] {
        let candidates = current.filter { $0 != applied } + [applied]
        return candidates.filter { candidate in
            !candidates.contains { $0 != candidate && closure([$0]).contains(candidate) }
        }
    }
}
