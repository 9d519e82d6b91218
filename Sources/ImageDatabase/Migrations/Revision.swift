/// A node of Glance's Alembic graph: what has to be there before it, and what it changes.
struct Revision: Sendable {
    var id: String
    /// The revision before it on its branch.
    var parent: String?
    /// For a contract revision, the expand revision that it builds on.
    var dependency: String?
    var changes: [SchemaChange] = []
}

/// Glance's revisions: a root, then the branches *expand* (additions) and *contract* (removals).
///
/// The names and their order are what other releases of Glance find in `alembic_version`, so no id may ever stand there
/// that Glance does not know. Most releases changed nothing.
enum Revisions {
    static let expandHead = "2024_1_expand01"
    static let contractHead = "2024_1_contract01"

    /// In an order in which each stands after what it needs.
    static let all: [Revision] = root + expand + contract

    private static let root = [
        Revision(id: "liberty", changes: LibertyTables.all.map { .create($0) }),
        Revision(
            id: "mitaka01", parent: "liberty",
            changes: [
                .createIndex(table: "images", .init("created_at_image_idx", "created_at")),
                .createIndex(table: "images", .init("updated_at_image_idx", "updated_at")),
            ]),
        Revision(
            id: "mitaka02", parent: "mitaka01",
            changes: [
                .run("UPDATE metadef_resource_types SET name = 'OS::Nova::Server' WHERE name = 'OS::Nova::Instance'")
            ]),
    ]

    private static let expand = chain(
        after: "mitaka02",
        [
            (
                "ocata_expand01",
                [
                    .alter(table: "images", [.allowNull("is_public", true, defaultText: nil)]),
                    .createEnumeration("image_visibility", ["private", "public", "shared", "community"]),
                    .addColumn(table: "images", .optional("visibility", .visibility)),
                    .createIndex(table: "images", .init("visibility_image_idx", "visibility")),
                ]
            ),
            ("pike_expand01", []), ("queens_expand01", []),
            (
                "rocky_expand01",
                [
                    .addColumn(table: "images", .required("os_hidden", .boolean, default: .no)),
                    .createIndex(table: "images", .init("os_hidden_image_idx", "os_hidden")),
                ]
            ),
            (
                "rocky_expand02",
                [
                    .addColumn(table: "images", .optional("os_hash_algo", .string(64))),
                    .addColumn(table: "images", .optional("os_hash_value", .string(128))),
                    .createIndex(table: "images", .init("os_hash_value_image_idx", "os_hash_value")),
                ]
            ),
            ("train_expand01", []), ("ussuri_expand01", []),
            (
                "wallaby_expand01",
                [
                    .addColumn(table: "tasks", .optional("image_id", .string(36))),
                    .addColumn(table: "tasks", .optional("request_id", .string(64))),
                    .addColumn(table: "tasks", .optional("user_id", .string(64))),
                    .createIndex(table: "tasks", .init("ix_tasks_image_id", "image_id")),
                ]
            ),
            ("xena_expand01", []), ("yoga_expand01", []), ("zed_expand01", []), ("2023_1_expand01", []),
            ("2024_1_expand01", cacheTables),
        ])

    private static let contract = chain(
        after: "mitaka02",
        [
            (
                "ocata_contract01",
                [
                    .alter(
                        table: "images",
                        [.drop("is_public"), .allowNull("visibility", false, defaultText: "shared")])
                ]
            ),
            ("pike_contract01", LibertyTables.artifacts.reversed().map { .dropTable($0.name) }),
            ("queens_contract01", []), ("rocky_contract01", []), ("rocky_contract02", []), ("train_contract01", []),
            ("ussuri_contract01", []), ("wallaby_contract01", []), ("xena_contract01", []), ("yoga_contract01", []),
            ("zed_contract01", []), ("2023_1_contract01", []), ("2024_1_contract01", []),
        ])

    /// The tables by which nodes tell each other what they have cached.
    private static let cacheTables: [SchemaChange] = [
        .create(
            TableDefinition(
                name: "node_reference",
                columns: [
                    .required("node_reference_id", .bigSerial), .required("node_reference_url", .string(255)),
                ],
                primaryKey: ["node_reference_id"],
                uniques: [.init("uq_node_reference_node_reference_url", "node_reference_url")])),
        .create(
            TableDefinition(
                name: "cached_images",
                columns: [
                    .required("id", .bigSerial), .required("image_id", .string(36)),
                    .required("last_accessed", .dateTime), .required("last_modified", .dateTime),
                    .required("size", .bigInteger), .required("hits", .integer), .optional("checksum", .string(32)),
                    .required("node_reference_id", .reference),
                ],
                foreignKeys: [.init("node_reference_id", "node_reference", "node_reference_id")],
                uniques: [.init("ix_cached_images_image_id_node_reference_id", "image_id", "node_reference_id")])),
    ]

    /// Each revision follows the one before; a contract revision also needs the expand revision of its name.
    private static func chain(after root: String, _ steps: [(String, [SchemaChange])]) -> [Revision] {
        var parent = root
        return steps.map { id, changes in
            defer { parent = id }
            let dependency = id.contains("_contract") ? id.replacing("_contract", with: "_expand") : nil
            return Revision(id: id, parent: parent, dependency: dependency, changes: changes)
        }
    }
}
