/// What an importer is at.
public struct ImportLoad: Sendable, Equatable {
    /// Imports that run.
    public var count = 0
    /// Bytes that they have done of the parts that they are at: a download, or the way into a store.
    public var done: Int64 = 0
    /// Bytes that these parts have; nil while nobody knows that of each.
    public var expected: Int64? = 0
}
