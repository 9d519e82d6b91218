/// Why libcrypto does not do what it is asked for.
public enum CryptographyError: Error, Sendable, Equatable {
    /// It knows no algorithm of that name.
    case unknownAlgorithm(String)
    /// The system's policy forbids the algorithm.
    case forbiddenAlgorithm(String)
    /// A function such as `shake_128`, which has no length of its own.
    case noFixedLength(String)
    case outOfMemory
}
