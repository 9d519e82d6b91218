import ImageModel
import JSON
import TextCoding

/// The statements that change single rows, with the conventions that Glance's own code keeps.
enum ImageWrites {
    static func insertRow(_ image: Image) -> Statement {
        let isDeleted = image.status == .deleted || image.status == .pendingDelete
        return Statement(
            """
            INSERT INTO images (id, name, status, visibility, owner, size, virtual_size, disk_format, container_format, \
            min_disk, min_ram, protected, os_hidden, checksum, os_hash_algo, os_hash_value, created_at, updated_at, \
            deleted_at, deleted) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
            """,
            [
                .text(image.id), .text(image.name), .text(image.status.rawValue),
                .enumerated(image.visibility.rawValue),
                .text(image.owner), .integer(image.size), .integer(image.virtualSize), .text(image.diskFormat),
                .text(image.containerFormat), .integer(image.minDisk), .integer(image.minRAM),
                .bool(image.isProtected), .bool(image.isHidden), .text(image.checksum), .text(image.hashAlgorithm),
                .text(image.hashValue), .time(image.createdAt), .time(image.updatedAt), .time(image.deletedAt),
                .bool(isDeleted),
            ])
    }

    /// Changes the columns that differ, provided that the image still has its old status.
    static func updateRow(from old: Image, to new: Image, at now: Timestamp) -> Statement {
        var builder = StatementBuilder()
        builder.append("UPDATE images SET updated_at = \(builder.bind(.time(now)))")
        func set<Value: Equatable>(_ column: String, _ field: KeyPath<Image, Value>, _ value: (Value) -> SQLValue) {
            let wanted = new[keyPath: field]
            if old[keyPath: field] != wanted { builder.append(", \(column) = \(builder.bind(value(wanted)))") }
        }
        set("name", \.name) { .text($0) }
        set("status", \.status) { .text($0.rawValue) }
        set("visibility", \.visibility) { .enumerated($0.rawValue) }
        set("owner", \.owner) { .text($0) }
        set("size", \.size) { .integer($0) }
        set("virtual_size", \.virtualSize) { .integer($0) }
        set("disk_format", \.diskFormat) { .text($0) }
        set("container_format", \.containerFormat) { .text($0) }
        set("min_disk", \.minDisk) { .integer($0) }
        set("min_ram", \.minRAM) { .integer($0) }
        set("protected", \.isProtected) { .bool($0) }
        set("os_hidden", \.isHidden) { .bool($0) }
        set("checksum", \.checksum) { .text($0) }
        set("os_hash_algo", \.hashAlgorithm) { .text($0) }
        set("os_hash_value", \.hashValue) { .text($0) }
        builder.append(" WHERE id = \(builder.bind(.text(old.id)))")
        builder.append(" AND status = \(builder.bind(.text(old.status.rawValue))) AND NOT deleted")
        var statement = builder.statement
        statement.required = .conflict
        return statement
    }

    /// A property has one row for ever: setting it again brings a deleted row back.
    static func setProperty(
        _ image: String, _ name: String, _ value: String?, at now: Timestamp, _ dialect: any SQLDialect
    ) -> Statement {
        Statement(
            dialect.upsert(
                insertionOfProperty, replacing: ["value", "updated_at"],
                setting: [("deleted", "false"), ("deleted_at", "NULL")]),
            [.text(image), .text(name), .text(value), .time(now)])
    }

    /// The row of a property: `$1` the image's id, `$2` name, `$3` value, `$4` the time.
    static let insertionOfProperty = SQLInsertion(
        into: "image_properties", ["image_id", "name", "value", "created_at", "updated_at", "deleted"],
        "VALUES ($1, $2, $3, $4, $4, false)", key: ["image_id", "name"])

    static func removeProperty(_ image: String, _ name: String, at now: Timestamp) -> Statement {
        Statement(
            """
            UPDATE image_properties SET deleted = true, deleted_at = $1, updated_at = $1 \
            WHERE image_id = $2 AND name = $3 AND NOT deleted
            """, [.time(now), .text(image), .text(name)])
    }

    /// A tag that is added again gets a new row. Nothing happens when the image has it.
    static func insertTag(
        _ image: String, _ tag: String, at now: Timestamp, _ dialect: any SQLDialect
    ) -> Statement {
        Statement(
            """
            INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted) \
            SELECT $1, $2, $3, $3, false\(dialect.noTable) WHERE NOT EXISTS \
            (SELECT 1 FROM image_tags WHERE image_id = $1 AND \(dialect.isSame("value", "$2")) AND NOT deleted)
            """, [.text(image), .text(tag), .time(now)])
    }

    static func removeTag(
        _ image: String, _ tag: String, at now: Timestamp, _ dialect: any SQLDialect
    ) -> Statement {
        Statement(
            """
            UPDATE image_tags SET deleted = true, deleted_at = $1, updated_at = $1 \
            WHERE image_id = $2 AND \(dialect.isSame("value", "$3")) AND NOT deleted
            """, [.time(now), .text(image), .text(tag)])
    }

    static func insertMember(_ member: ImageMember) -> Statement {
        Statement(
            """
            INSERT INTO image_members (image_id, member, can_share, status, created_at, updated_at, deleted) \
            VALUES ($1, $2, false, $3, $4, $5, false)
            """,
            [
                .text(member.imageID), .text(member.project), .text(member.status.rawValue), .time(member.createdAt),
                .time(member.updatedAt),
            ])
    }
}
