import TextCoding

extension Timestamp {
    /// How long ago it was. The servers' clocks and ours may differ by a little.
    var age: Duration { .microseconds(max(0, Timestamp.now.microseconds - microseconds)) }
}
