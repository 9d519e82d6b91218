/// A statement that finds what belongs to one key, such as an image's id.
///
/// A driver may answer several at once that wait for it at the same time. Each is carried out after it was asked for, as if it
/// were alone.
struct Lookup: Sendable {
    let statements: LookupStatements
    let key: String

    /// For a driver that carries out one at a time.
    var statement: Statement { Statement(statements.one, [.text(key)]) }

    /// Whether the key can be among others: no database has a reason to refuse it, which would fail theirs, too.
    ///
    /// Ids of images are UUIDs. What else clients make up is looked for alone.
    var isPlain: Bool {
        key.utf8.count <= 36
            && key.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// The text of a lookup, the same for all keys.
struct LookupStatements: Sendable, Equatable {
    /// Its parameter `$1` is the key.
    let one: String
    /// The same for several keys: `$1` is an array of them. The rows of all have to say themselves whose they are. Nil where the
    /// database has no such statement.
    let many: String?
}
