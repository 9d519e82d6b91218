/// Identity of an option as a number, so that a read hashes no strings: FNV-1a over `group`, a slash, and `name`.
///
/// Collisions among declared options are excluded by a test; names that only occur in files never become keys.
struct OptionKey: Hashable, Sendable {
    let value: UInt64

    init(group: String, name: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in group.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ UInt64(UInt8(ascii: "/"))) &* 0x100_0000_01b3
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        value = hash
    }
}
