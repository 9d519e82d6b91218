/// How many tags and properties an image may have. They are counted in the transaction that adds some, with the image locked, so
/// requests side by side cannot pass them together.
public struct ImageLimits: Sendable, Equatable {
    /// nil is no limit.
    public var tags: Int?
    /// Without those of the reserved namespace `os_glance`; nil is no limit.
    public var properties: Int?

    public static let none = ImageLimits()

    public init(tags: Int? = nil, properties: Int? = nil) {
        self.tags = tags
        self.properties = properties
    }

    /// What ends a transaction when an image has more than it may. Its row has to be locked by then.
    ///
    /// - Throws: (when run) ``DatabaseError/tooManyTags``, ``DatabaseError/tooManyProperties``.
    func checks(_ image: String, addsTags: Bool, addsProperties: Bool) -> [Statement] {
        var checks: [Statement] = []
        if let tags, addsTags {
            checks.append(
                Statement(
                    """
                    SELECT 1 FROM images WHERE id = $1 \
                    AND (SELECT COUNT(*) FROM image_tags WHERE image_id = $1 AND NOT deleted) <= $2
                    """, [.text(image), .integer(tags)], required: .tooManyTags))
        }
        if let properties, addsProperties {
            checks.append(
                Statement(
                    """
                    SELECT 1 FROM images WHERE id = $1 \
                    AND (SELECT COUNT(*) FROM image_properties WHERE image_id = $1 AND NOT deleted \
                    AND substr(name, 1, 9) <> 'os_glance') <= $2
                    """, [.text(image), .integer(properties)], required: .tooManyProperties))
        }
        return checks
    }
}
