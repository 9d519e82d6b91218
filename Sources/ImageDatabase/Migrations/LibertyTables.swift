/// The tables of the root revision `liberty`, from which all others follow.
enum LibertyTables {
    static let all = images + tasks + metadefs + artifacts

    private static let created = TableDefinition.Column.required("created_at", .dateTime)
    private static let updated = TableDefinition.Column.optional("updated_at", .dateTime)
    private static let times: [TableDefinition.Column] = [created, updated]
    private static let softDeletion: [TableDefinition.Column] = [
        created, updated, .optional("deleted_at", .dateTime), .required("deleted", .boolean),
    ]
    private static let imageID = TableDefinition.Column.required("image_id", .string(36))
    private static let ofImage = [TableDefinition.ForeignKey("image_id", "images")]

    private static let images = [
        TableDefinition(
            name: "images",
            columns: [
                .required("id", .string(36)), .optional("name", .string(255)), .optional("size", .size),
                .required("status", .string(30)), .required("is_public", .boolean),
            ] + softDeletion + [
                .optional("disk_format", .string(20)), .optional("container_format", .string(20)),
                .optional("checksum", .string(32)), .optional("owner", .string(255)),
                .required("min_disk", .integer), .required("min_ram", .integer),
                .required("protected", .boolean, default: .no), .optional("virtual_size", .size),
            ],
            indexes: [
                .init("checksum_image_idx", "checksum"), .init("ix_images_deleted", "deleted"),
                .init("ix_images_is_public", "is_public"), .init("owner_image_idx", "owner"),
            ]),
        TableDefinition(
            name: "image_properties",
            columns: [
                .required("id", .serial), imageID, .required("name", .string(255)), .optional("value", .text),
            ] + softDeletion,
            foreignKeys: ofImage,
            uniques: [.init("ix_image_properties_image_id_name", "image_id", "name")],
            indexes: [
                .init("ix_image_properties_deleted", "deleted"), .init("ix_image_properties_image_id", "image_id"),
            ]),
        TableDefinition(
            name: "image_locations",
            columns: [.required("id", .serial), imageID, .required("value", .text)] + softDeletion + [
                .optional("meta_data", .text), .required("status", .string(30), default: .text("active")),
            ],
            foreignKeys: ofImage,
            indexes: [
                .init("ix_image_locations_deleted", "deleted"), .init("ix_image_locations_image_id", "image_id"),
            ]),
        TableDefinition(
            name: "image_members",
            columns: [
                .required("id", .serial), imageID, .required("member", .string(255)), .required("can_share", .boolean),
            ] + softDeletion + [.required("status", .string(20), default: .text("pending"))],
            foreignKeys: ofImage,
            uniques: [.init("image_members_image_id_member_deleted_at_key", "image_id", "member", "deleted_at")],
            indexes: [
                .init("ix_image_members_deleted", "deleted"), .init("ix_image_members_image_id", "image_id"),
                .init("ix_image_members_image_id_member", "image_id", "member"),
            ]),
        TableDefinition(
            name: "image_tags",
            columns: [.required("id", .serial), imageID, .required("value", .string(255))] + softDeletion,
            foreignKeys: ofImage,
            indexes: [
                .init("ix_image_tags_image_id", "image_id"),
                .init("ix_image_tags_image_id_tag_value", "image_id", "value"),
            ]),
    ]

    private static let tasks = [
        TableDefinition(
            name: "tasks",
            columns: [
                .required("id", .string(36)), .required("type", .string(30)), .required("status", .string(30)),
                .required("owner", .string(255)), .optional("expires_at", .dateTime),
            ] + softDeletion,
            indexes: [
                .init("ix_tasks_deleted", "deleted"), .init("ix_tasks_owner", "owner"),
                .init("ix_tasks_status", "status"), .init("ix_tasks_type", "type"),
                .init("ix_tasks_updated_at", "updated_at"),
            ]),
        TableDefinition(
            name: "task_info",
            columns: [
                .required("task_id", .string(36)), .optional("input", .text), .optional("result", .text),
                .optional("message", .text),
            ],
            primaryKey: ["task_id"], foreignKeys: [.init("task_id", "tasks")]),
    ]

    private static let namespaceID = TableDefinition.Column.required("namespace_id", .integer)
    private static let ofNamespace = TableDefinition.ForeignKey("namespace_id", "metadef_namespaces")
    private static let name80 = TableDefinition.Column.required("name", .string(80))

    private static let metadefs = [
        TableDefinition(
            name: "metadef_namespaces",
            columns: [
                .required("id", .serial), .required("namespace", .string(80)), .optional("display_name", .string(80)),
                .optional("description", .text), .optional("visibility", .string(32)),
                .optional("protected", .boolean), .required("owner", .string(255)),
            ] + times,
            uniques: [.init("uq_metadef_namespaces_namespace", "namespace")],
            indexes: [.init("ix_metadef_namespaces_owner", "owner")]),
        TableDefinition(
            name: "metadef_resource_types",
            columns: [.required("id", .serial), name80, .required("protected", .boolean)] + times,
            uniques: [.init("uq_metadef_resource_types_name", "name")]),
        TableDefinition(
            name: "metadef_namespace_resource_types",
            columns: [
                .required("resource_type_id", .integer), namespaceID, .optional("properties_target", .string(80)),
                .optional("prefix", .string(80)),
            ] + times,
            primaryKey: ["resource_type_id", "namespace_id"],
            foreignKeys: [ofNamespace, .init("resource_type_id", "metadef_resource_types")],
            indexes: [.init("ix_metadef_ns_res_types_namespace_id", "namespace_id")]),
        TableDefinition(
            name: "metadef_objects",
            columns: [
                .required("id", .serial), namespaceID, name80, .optional("description", .text),
                .optional("required", .text), .required("json_schema", .text),
            ] + times,
            foreignKeys: [ofNamespace],
            uniques: [.init("uq_metadef_objects_namespace_id_name", "namespace_id", "name")],
            indexes: [.init("ix_metadef_objects_name", "name")]),
        TableDefinition(
            name: "metadef_properties",
            columns: [.required("id", .serial), namespaceID, name80, .required("json_schema", .text)] + times,
            foreignKeys: [ofNamespace],
            uniques: [.init("uq_metadef_properties_namespace_id_name", "namespace_id", "name")],
            indexes: [.init("ix_metadef_properties_name", "name")]),
        TableDefinition(
            name: "metadef_tags",
            columns: [.required("id", .serial), namespaceID, name80] + times,
            foreignKeys: [ofNamespace],
            uniques: [.init("uq_metadef_tags_namespace_id_name", "namespace_id", "name")],
            indexes: [.init("ix_metadef_tags_name", "name")]),
    ]

    private static let id36 = TableDefinition.Column.required("id", .string(36))
    private static let artifactID = TableDefinition.Column.required("artifact_id", .string(36))
    private static let ofArtifact = [TableDefinition.ForeignKey("artifact_id", "artifacts")]
    private static let bothTimes: [TableDefinition.Column] = [created, .required("updated_at", .dateTime)]

    /// The tables of a dropped feature, in the order of their creation.
    static let artifacts = [
        TableDefinition(
            name: "artifacts",
            columns: [
                id36, .required("name", .string(255)), .required("type_name", .string(255)),
                .required("type_version_prefix", .bigInteger), .optional("type_version_suffix", .string(255)),
                .optional("type_version_meta", .string(255)), .required("version_prefix", .bigInteger),
                .optional("version_suffix", .string(255)), .optional("version_meta", .string(255)),
                .optional("description", .text), .required("visibility", .string(32)),
                .required("state", .string(32)), .required("owner", .string(255)),
            ] + bothTimes + [.optional("deleted_at", .dateTime), .optional("published_at", .dateTime)],
            indexes: [
                .init("ix_artifact_name_and_version", "name", "version_prefix", "version_suffix"),
                .init("ix_artifact_owner", "owner"), .init("ix_artifact_state", "state"),
                .init("ix_artifact_type", "type_name", "type_version_prefix", "type_version_suffix"),
                .init("ix_artifact_visibility", "visibility"),
            ]),
        TableDefinition(
            name: "artifact_blobs",
            columns: [
                id36, artifactID, .required("size", .bigInteger), .optional("checksum", .string(32)),
                .required("name", .string(255)), .optional("item_key", .string(329)), .optional("position", .integer),
            ] + bothTimes,
            foreignKeys: ofArtifact,
            indexes: [
                .init("ix_artifact_blobs_artifact_id", "artifact_id"), .init("ix_artifact_blobs_name", "name"),
            ]),
        TableDefinition(
            name: "artifact_dependencies",
            columns: [
                id36, .required("artifact_source", .string(36)), .required("artifact_dest", .string(36)),
                .required("artifact_origin", .string(36)), .required("is_direct", .boolean),
                .optional("position", .integer), .optional("name", .string(36)),
            ] + bothTimes,
            foreignKeys: [
                .init("artifact_dest", "artifacts"), .init("artifact_origin", "artifacts"),
                .init("artifact_source", "artifacts"),
            ],
            indexes: [
                .init("ix_artifact_dependencies_dest_id", "artifact_dest"),
                .init("ix_artifact_dependencies_direct_dependencies", "artifact_source", "is_direct"),
                .init("ix_artifact_dependencies_origin_id", "artifact_origin"),
                .init("ix_artifact_dependencies_source_id", "artifact_source"),
            ]),
        TableDefinition(
            name: "artifact_properties",
            columns: [
                id36, artifactID, .required("name", .string(255)), .optional("string_value", .string(255)),
                .optional("int_value", .integer), .optional("numeric_value", .numeric),
                .optional("bool_value", .boolean), .optional("text_value", .text),
            ] + bothTimes + [.optional("position", .integer)],
            foreignKeys: ofArtifact,
            indexes: [
                .init("ix_artifact_properties_artifact_id", "artifact_id"),
                .init("ix_artifact_properties_name", "name"),
            ]),
        TableDefinition(
            name: "artifact_tags",
            columns: [id36, artifactID, .required("value", .string(255))] + bothTimes,
            foreignKeys: ofArtifact,
            indexes: [
                .init("ix_artifact_tags_artifact_id", "artifact_id"),
                .init("ix_artifact_tags_artifact_id_tag_value", "artifact_id", "value"),
            ]),
        TableDefinition(
            name: "artifact_blob_locations",
            columns: [id36, .required("blob_id", .string(36)), .required("value", .text)] + bothTimes + [
                .optional("position", .integer), .optional("status", .string(36)),
            ],
            foreignKeys: [.init("blob_id", "artifact_blobs")],
            indexes: [.init("ix_artifact_blob_locations_blob_id", "blob_id")]),
    ]
}
