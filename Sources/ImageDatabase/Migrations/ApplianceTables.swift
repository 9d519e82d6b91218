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
        limits,
        [.addColumn(table: "glance_uploads", .optional("abandoned_at", .dateTime))],
        uploadsIntoSeveralStores + [
            .create(
                TableDefinition(
                    name: "glance_imports",
                    columns: [
                        .required("task_id", .string(36)), .optional("image_id", .string(36)),
                        .required("project_id", .string(255)), .required("needs_staged_file", .boolean),
                        .required("attempts", .integer), .optional("credentials", .text),
                        .optional("roles", .text),
                        .required("created_at", .dateTime), .required("host", .string(255)),
                        .required("pid", .integer), .required("start_time", .bigInteger),
                        .required("renewed_at", .dateTime),
                    ],
                    primaryKey: ["task_id"],
                    indexes: [TableDefinition.Index("ix_glance_imports_image_id", "image_id")]))
        ],
    ]

    /// An import may write an image into several stores at a time: the key gets the upload's id.
    private static let uploadsIntoSeveralStores: [SchemaChange] = [
        .run("ALTER TABLE glance_uploads RENAME TO glance_uploads_4"),
        .create(
            TableDefinition(
                name: "glance_uploads",
                columns: [
                    .required("image_id", .string(36)), .required("upload_id", .string(64)),
                    .optional("store_id", .string(255)), .required("host", .string(255)), .required("pid", .integer),
                    .required("start_time", .bigInteger), .required("renewed_at", .dateTime),
                    .optional("project_id", .string(255)), .optional("claimed_bytes", .bigInteger),
                    .optional("abandoned_at", .dateTime),
                ],
                primaryKey: ["image_id", "upload_id"])),
        .run(
            """
            INSERT INTO glance_uploads (image_id, upload_id, store_id, host, pid, start_time, renewed_at, project_id, \
            claimed_bytes, abandoned_at) SELECT image_id, upload_id, store_id, host, pid, start_time, renewed_at, \
            project_id, claimed_bytes, abandoned_at FROM glance_uploads_4
            """),
        .dropTable("glance_uploads_4"),
    ]

    /// Keystone's limits as they were last seen (a limit without scope is a registered one), the claims of running
    /// uploads, and the rows that are locked while a claim is checked.
    private static let limits: [SchemaChange] = [
        .addColumn(table: "glance_uploads", .optional("project_id", .string(255))),
        .addColumn(table: "glance_uploads", .optional("claimed_bytes", .bigInteger)),
        .create(
            TableDefinition(
                name: "glance_limit_mirror",
                columns: [
                    .required("id", .integer), .required("model", .string(255)),
                    .required("generation", .bigInteger), .required("refreshed_at", .dateTime),
                ])),
        .create(
            TableDefinition(
                name: "glance_limits",
                columns: [
                    .required("scope_id", .string(255)), .required("resource_name", .string(255)),
                    .required("value", .bigInteger),
                ],
                primaryKey: ["scope_id", "resource_name"])),
        .create(
            TableDefinition(
                name: "glance_limit_members",
                columns: [.required("project_id", .string(255)), .required("root_id", .string(255))],
                primaryKey: ["project_id"],
                indexes: [TableDefinition.Index("ix_glance_limit_members_root_id", "root_id")])),
        .create(
            TableDefinition(
                name: "glance_limit_locks", columns: [.required("scope_id", .string(255))],
                primaryKey: ["scope_id"])),
    ]

    static let versionTable =
        "CREATE TABLE IF NOT EXISTS glance_appliance_version (version INTEGER NOT NULL PRIMARY KEY)"
    static let currentVersion = "SELECT COALESCE(MAX(version), 0) FROM glance_appliance_version"
}
