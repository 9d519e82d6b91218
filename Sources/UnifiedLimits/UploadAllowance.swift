import ImageDatabase

/// The bytes that a running upload has claimed, and the way to more. An upload of known size has claimed all it needs.
public struct UploadAllowance: Sendable {
    let limits: ProjectLimits
    let upload: UploadRecord
    let project: String
    /// Bytes claimed when the upload began.
    public let claimed: Int64

    /// The claim of an upload of unknown size starts small, so that a small image needs little room, and doubles, so that a
    /// big one asks seldom.
    static let firstStep: Int64 = 1 << 20
    static let longestStep: Int64 = 64 << 20

    /// Claims more.
    ///
    /// - Parameters:
    ///   - size: bytes that the upload must be allowed to have.
    ///   - claimed: bytes that it may have already.
    /// - Returns: bytes that it may have now.
    /// - Throws: ``LimitError/exceeded(_:)``; `DatabaseError.conflict` when the upload was declared dead.
    public func extend(to size: Int64, from claimed: Int64) async throws -> Int64 {
        try await limits.extend(self, from: claimed, to: size)
    }
}
