/// An index of ours on a table of Glance's.
///
/// They are made outside of transactions while others write, so they stand under no version; whether they are there is asked
/// of the database. Glance never notices them.
struct AddedIndex: Sendable {
    enum Key: Sendable {
        /// One text of any length, for looking it up.
        case text(String)
        /// Columns in this order, and others that are kept beside them, so that a query need not read the table.
        case columns([String], beside: [String])
    }

    var name: String
    var table: String
    var key: Key
    /// The rows that are in it; nil for all.
    var condition: String?

    init(_ name: String, _ table: String, _ key: Key, where condition: String? = nil) {
        self.name = name
        self.table = table
        self.key = key
        self.condition = condition
    }

    static let all =
        [
            // Before data are removed it is looked whether another row needs them too.
            AddedIndex("glance_image_locations_value_idx", "image_locations", .text("value")),
            // The ways along which lists go; see ImageListStatement.
            AddedIndex(
                "glance_images_own_idx", "images",
                .columns(["owner", "created_at", "id"], beside: ["visibility", "os_hidden"] + listed), where: isLive),
            AddedIndex(
                "glance_images_shown_idx", "images",
                .columns(["visibility", "os_hidden", "created_at", "id"], beside: ["owner"] + listed),
                where: isShown),
            AddedIndex(
                "glance_images_hidden_idx", "images", .columns(["created_at", "id"], beside: []),
                where: "\(isLive) AND os_hidden"),
            AddedIndex(
                "glance_image_members_member_idx", "image_members",
                .columns(["member", "image_id"], beside: ["status"]), where: isLive),
            AddedIndex(
                "glance_image_tags_value_idx", "image_tags", .columns(["value", "image_id"], beside: []), where: isLive),
            AddedIndex(
                "glance_image_properties_value_idx", "image_properties",
                .columns(["name", "value", "image_id"], beside: []), where: "\(isLive) AND \(isShortProperty())"),
        ]
        // The orders in which an administrator goes through all images.
        + [
            ["created_at", "id"], ["name", "created_at", "id"], ["size", "created_at", "id"],
            ["updated_at", "created_at", "id"],
        ]
        .map { AddedIndex("glance_images_\($0[0])_idx", "images", .columns($0, beside: []), where: isLive) }
        // The same for a project with very many images, and for those that everybody sees.
        + ["name", "size"].flatMap { column in
            [
                AddedIndex(
                    "glance_images_own_\(column)_idx", "images",
                    .columns(["owner", column, "created_at", "id"], beside: ["visibility", "os_hidden", "status"]),
                    where: isLive),
                AddedIndex(
                    "glance_images_shown_\(column)_idx", "images",
                    .columns(["visibility", "os_hidden", column, "created_at", "id"], beside: ["owner", "status"]),
                    where: isShown),
            ]
        }

    private static let isLive = "NOT deleted"

    /// Visibilities of images that everybody sees.
    static let shown = ["public", "community"]

    private static let isShown = "\(isLive) AND visibility IN (\(shown.map { "'\($0)'" }.joined(separator: ", ")))"

    /// What filters and orders of lists ask for most.
    private static let listed = [
        "name", "size", "updated_at", "status", "disk_format", "container_format", "min_disk", "min_ram", "protected",
    ]

    /// Characters of the longest value of a property that is in the index: PostgreSQL's b-trees refuse texts of more than
    /// 2,700 bytes.
    static let longestProperty = 200

    static func isShortProperty(_ table: String = "") -> String { "length(\(table)value) <= \(longestProperty)" }
}
