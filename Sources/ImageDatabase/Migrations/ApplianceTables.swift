/// Our own tables. They stand under a version table of their own, so that `alembic_version` only ever holds what Glance
/// knows; Glance itself never looks at them, and they refer to none of its tables.
enum ApplianceTables {
    /// What each version adds, from version 1 on.
    static let versions: [[SchemaChange]] = [
        [
            .create(
                TableDefinition(
                    name: "glance_uploads",
                    columns: [
                        .required("image_id", .string(36)), .required("upload_id", .string(64)),
                        .optional("store_id", .string(255)), .required("host", .string(255)),
                        .required("pid", .integer), .required("start_time", .bigInteger),
                        .required("renewed_at", .dateTime),
                    ],
                    primaryKey: ["image_id"]))
        ],
        [
            .create(
                TableDefinition(
                    name: "glance_scrubs",
                    columns: [
                        .required("image_id", .string(36)), .required("host", .string(255)),
                        .required("pid", .integer), .required("start_time", .bigInteger),
                        .required("renewed_at", .dateTime),
                    ],
                    primaryKey: ["image_id"]))
        ],
    ]

    static let versionTable =
        "CREATE TABLE IF NOT EXISTS glance_appliance_version (version INTEGER NOT NULL PRIMARY KEY)"
    static let currentVersion = "SELECT COALESCE(MAX(version), 0) FROM glance_appliance_version"
}
