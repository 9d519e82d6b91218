public import OsloPolicy

/// The rules that hold where no policy file says otherwise: names and expressions are Glance's.
///
/// Source: Glance's policy reference; api.md section 12.
public enum DefaultPolicies {
    public static let rules =
        helpers + (images + locations + members + states + cache + tasks + metadefs).map(forProjects)

    /// An administrator's token for the system or for a domain opens nothing: Glance's operations belong to projects.
    private static func forProjects(_ rule: RuleDefault) -> RuleDefault {
        var rule = rule
        rule.scopes = [.project]
        return rule
    }

    private static let admin = "rule:context_is_admin"
    private static let inProject = "project_id:%(project_id)s"
    private static let adminOrMember = "\(admin) or (role:member and \(inProject))"
    private static let adminOrReader = "\(admin) or (role:reader and \(inProject))"
    private static let asImageMember = "project_id:%(member_id)s"
    private static let visible =
        "\(inProject) or \(asImageMember) or 'community':%(visibility)s or 'public':%(visibility)s"
        + " or 'shared':%(visibility)s"
    private static let adminOrReaderOfVisible = "\(admin) or (role:reader and (\(visible)))"
    private static let adminOrMemberOfVisible = "\(admin) or (role:member and (\(visible)))"
    private static let adminOrReaderOrImageMember = "\(admin) or role:reader and (\(inProject) or \(asImageMember))"
    private static let adminOrReaderOfNamespace =
        "\(admin) or (role:reader and (\(inProject) or 'public':%(visibility)s))"
    private static let legacy = "rule:default"

    private static let helpers = [
        RuleDefault("default", "", deprecated: admin, "Stands in for a rule that is defined nowhere."),
        RuleDefault("context_is_admin", "role:admin", "Who counts as an administrator."),
        RuleDefault("service_api", "role:service or role:admin", "Who may use what is made for other services."),
        RuleDefault("metadef_default", "", "Deprecated default of reading metadata definitions."),
        RuleDefault("metadef_admin", admin, "Who may change metadata definitions."),
    ]

    private static let images = [
        RuleDefault(
            "add_image", "\(admin) or (role:member and \(inProject) and project_id:%(owner)s)", deprecated: legacy,
            "Create an image."),
        RuleDefault("delete_image", adminOrMember, deprecated: legacy, "Delete an image."),
        RuleDefault("get_image", adminOrReaderOfVisible, deprecated: legacy, "Show an image."),
        RuleDefault("get_images", adminOrReader, deprecated: legacy, "List images."),
        RuleDefault("modify_image", adminOrMember, deprecated: legacy, "Change an image, stage or import its data."),
        RuleDefault("publicize_image", admin, "Make an image public."),
        RuleDefault("communitize_image", adminOrMember, deprecated: legacy, "Make an image a community image."),
        RuleDefault("download_image", adminOrMemberOfVisible, deprecated: legacy, "Read an image's data."),
        RuleDefault(
            "download_from_store", adminOrMemberOfVisible, "Read an image's data from a store of the caller's choice."),
        RuleDefault("upload_image", adminOrMember, deprecated: legacy, "Write an image's data."),
    ]

    private static let locations = [
        RuleDefault("delete_image_location", admin, deprecated: legacy, "Remove a location or the data in one store."),
        RuleDefault("get_image_location", adminOrReader, deprecated: legacy, "See where an image's data is."),
        RuleDefault(
            "set_image_location", adminOrMember, deprecated: legacy, "Change the list of an image's locations."),
        RuleDefault(
            "add_image_location", "rule:service_api or (role:member and \(inProject) and project_id:%(owner)s)",
            "Give a queued image its location."),
        RuleDefault("fetch_image_location", "rule:service_api", "Read an image's locations on behalf of a service."),
    ]

    private static let members = [
        RuleDefault("add_member", adminOrMember, deprecated: legacy, "Share an image with a project."),
        RuleDefault("delete_member", adminOrMember, deprecated: legacy, "Stop sharing an image with a project."),
        RuleDefault("get_member", adminOrReaderOrImageMember, deprecated: legacy, "Show one member of an image."),
        RuleDefault("get_members", adminOrReaderOrImageMember, deprecated: legacy, "List the members of an image."),
        RuleDefault(
            "modify_member", "\(admin) or (role:member and \(asImageMember))", deprecated: legacy,
            "Accept or reject a shared image."),
    ]

    private static let states = [
        RuleDefault(
            "deactivate", adminOrMember, deprecated: legacy, "Forbid downloads of an image for the time being."),
        RuleDefault("reactivate", adminOrMember, deprecated: legacy, "Allow downloads of an image again."),
        RuleDefault("copy_image", admin, "Copy an image's data to more stores."),
        RuleDefault(
            "stores_info_detail", "\(admin) or rule:service_api", deprecated: admin,
            "See the properties of the stores."),
    ]

    private static let cache = [
        RuleDefault("manage_image_cache", admin, "Use the older cache interface."),
        RuleDefault("cache_image", admin, deprecated: "rule:manage_image_cache", "Queue an image for the cache."),
        RuleDefault("cache_list", admin, deprecated: "rule:manage_image_cache", "List cached and queued images."),
        RuleDefault("cache_delete", admin, deprecated: "rule:manage_image_cache", "Remove images from the cache."),
        RuleDefault("cache_clean", admin, "Remove incomplete and invalid files from the cache."),
        RuleDefault("cache_prune", admin, "Shrink the cache to its size."),
        RuleDefault("list_cached_nodes", admin, "List the nodes whose cache holds an image."),
    ]

    private static let tasks = [
        RuleDefault("get_task", legacy, "Show a task."),
        RuleDefault("get_tasks", legacy, "List tasks."),
        RuleDefault("add_task", legacy, "Create a task."),
        RuleDefault("modify_task", legacy, "Change a task; no request does so any more."),
        RuleDefault("tasks_api_access", admin, "Use tasks at all."),
    ]

    private static let metadefs =
        [
            RuleDefault(
                "get_metadef_namespaces", adminOrReader, deprecated: "rule:metadef_default", "List namespaces."),
            readMetadef("get_metadef_namespace", "Show a namespace."),
            writeMetadef("modify_metadef_namespace", "Change a namespace."),
            writeMetadef("add_metadef_namespace", "Create a namespace."),
            writeMetadef("delete_metadef_namespace", "Delete a namespace."),
            readMetadef("get_metadef_object", "Show an object of a namespace."),
            readMetadef("get_metadef_objects", "List the objects of a namespace."),
            writeMetadef("modify_metadef_object", "Change an object of a namespace."),
            writeMetadef("add_metadef_object", "Create an object in a namespace."),
            writeMetadef("delete_metadef_object", "Delete an object of a namespace."),
            readMetadef("list_metadef_resource_types", "List all resource types."),
            readMetadef("get_metadef_resource_type", "List the resource types of a namespace."),
            writeMetadef("add_metadef_resource_type_association", "Associate a resource type with a namespace."),
            writeMetadef("remove_metadef_resource_type_association", "End a resource type's association."),
            readMetadef("get_metadef_property", "Show a property of a namespace."),
            readMetadef("get_metadef_properties", "List the properties of a namespace."),
            writeMetadef("modify_metadef_property", "Change a property of a namespace."),
            writeMetadef("add_metadef_property", "Create a property in a namespace."),
            writeMetadef("remove_metadef_property", "Delete a property of a namespace."),
            readMetadef("get_metadef_tag", "Show a tag of a namespace."),
            readMetadef("get_metadef_tags", "List the tags of a namespace."),
            writeMetadef("modify_metadef_tag", "Rename a tag of a namespace."),
            writeMetadef("add_metadef_tag", "Create a tag in a namespace."),
            writeMetadef("add_metadef_tags", "Create several tags in a namespace."),
            writeMetadef("delete_metadef_tag", "Delete a tag of a namespace."),
            writeMetadef("delete_metadef_tags", "Delete all tags of a namespace."),
        ]

    private static func readMetadef(_ name: String, _ summary: String) -> RuleDefault {
        RuleDefault(name, adminOrReaderOfNamespace, deprecated: "rule:metadef_default", summary)
    }

    private static func writeMetadef(_ name: String, _ summary: String) -> RuleDefault {
        RuleDefault(name, "rule:metadef_admin", summary)
    }
}
