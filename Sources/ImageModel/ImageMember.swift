public import TextCoding

/// A project with which an image is shared: a row of `image_members`.
public struct ImageMember: Sendable, Equatable {
    public var imageID: String
    /// Id of the project.
    public var project: String
    public var status: Status
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    /// The project's answer to the offer.
    public enum Status: String, Sendable, CaseIterable {
        case pending, accepted, rejected
    }

    public init(
        imageID: String, project: String, status: Status = .pending, createdAt: Timestamp = .now,
        updatedAt: Timestamp? = nil
    ) {
        self.imageID = imageID
        self.project = project
        self.status = status
        self.createdAt = createdAt
        self.updatedAt = updatedAt ?? createdAt
    }
}
