public import OsloPolicy

/// The rules that hold where no policy file says otherwise: names and expressions are Glance's.
///
/// Source: Glance's documentation of its policies, and what Glance 33 prints as its sample.
public enum DefaultPolicies {
    /// One for each ``PolicyRule``, in their order.
    public static let rules = PolicyRule.allCases.map { rule in
        let content = DefaultPolicies.content(of: rule)
        // An administrator's token for the system or for a domain opens nothing: Glance's operations belong to projects.
        return RuleDefault(
            rule.rawValue, content.check, deprecated: content.deprecated, scopes: rule.isHelper ? [] : [.project],
            content.summary)
    }

    /// What a rule says.
    private struct Content {
        var check: String
        /// Holds as well without `enforce_new_defaults`.
        var deprecated: String?
        /// What the rule guards.
        var summary: String
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

    private static func content(of name: PolicyRule) -> Content {
        switch name {
        // Named in other rules.
        case .default: rule("", deprecated: admin, "Stands in for a rule that is defined nowhere.")
        case .contextIsAdmin: rule("role:admin", "Who counts as an administrator.")
        case .serviceAPI: rule("role:service or role:admin", "Who may use what is made for other services.")
        case .metadefDefault: rule("", "Deprecated default of reading metadata definitions.")
        case .metadefAdmin: rule(admin, "Who may change metadata definitions.")
        // Images.
        case .addImage:
            rule(
                "\(admin) or (role:member and \(inProject) and project_id:%(owner)s)", deprecated: legacy,
                "Create an image.")
        case .deleteImage: rule(adminOrMember, deprecated: legacy, "Delete an image.")
        case .getImage: rule(adminOrReaderOfVisible, deprecated: legacy, "Show an image.")
        case .getImages: rule(adminOrReader, deprecated: legacy, "List images.")
        case .modifyImage: rule(adminOrMember, deprecated: legacy, "Change an image, stage or import its data.")
        case .publicizeImage: rule(admin, "Make an image public.")
        case .communitizeImage: rule(adminOrMember, deprecated: legacy, "Make an image a community image.")
        case .downloadImage: rule(adminOrMemberOfVisible, deprecated: legacy, "Read an image's data.")
        case .downloadFromStore:
            rule(adminOrMemberOfVisible, "Read an image's data from a store of the caller's choice.")
        case .uploadImage: rule(adminOrMember, deprecated: legacy, "Write an image's data.")
        // Locations.
        case .deleteImageLocation: rule(admin, deprecated: legacy, "Remove a location or the data in one store.")
        case .getImageLocation: rule(adminOrReader, deprecated: legacy, "See where an image's data is.")
        case .setImageLocation: rule(adminOrMember, deprecated: legacy, "Change the list of an image's locations.")
        case .addImageLocation:
            rule(
                "rule:service_api or (role:member and \(inProject) and project_id:%(owner)s)",
                "Give a queued image its location.")
        case .fetchImageLocation: rule("rule:service_api", "Read an image's locations on behalf of a service.")
        // Members.
        case .addMember: rule(adminOrMember, deprecated: legacy, "Share an image with a project.")
        case .deleteMember: rule(adminOrMember, deprecated: legacy, "Stop sharing an image with a project.")
        case .getMember: rule(adminOrReaderOrImageMember, deprecated: legacy, "Show one member of an image.")
        case .getMembers: rule(adminOrReaderOrImageMember, deprecated: legacy, "List the members of an image.")
        case .modifyMember:
            rule(
                "\(admin) or (role:member and \(asImageMember))", deprecated: legacy, "Accept or reject a shared image."
            )
        // States and stores.
        case .deactivate: rule(adminOrMember, deprecated: legacy, "Forbid downloads of an image for the time being.")
        case .reactivate: rule(adminOrMember, deprecated: legacy, "Allow downloads of an image again.")
        case .copyImage: rule(admin, "Copy an image's data to more stores.")
        case .storesInfoDetail:
            rule("\(admin) or rule:service_api", deprecated: admin, "See the properties of the stores.")
        // The cache.
        case .manageImageCache: rule(admin, "Use the older cache interface.")
        case .cacheImage: rule(admin, deprecated: "rule:manage_image_cache", "Queue an image for the cache.")
        case .cacheList: rule(admin, deprecated: "rule:manage_image_cache", "List cached and queued images.")
        case .cacheDelete: rule(admin, deprecated: "rule:manage_image_cache", "Remove images from the cache.")
        case .cacheClean: rule(admin, "Remove incomplete and invalid files from the cache.")
        case .cachePrune: rule(admin, "Shrink the cache to its size.")
        case .listCachedNodes: rule(admin, "List the nodes whose cache holds an image.")
        // Tasks.
        case .getTask: rule(legacy, "Show a task.")
        case .getTasks: rule(legacy, "List tasks.")
        case .addTask: rule(legacy, "Create a task.")
        case .modifyTask: rule(legacy, "Change a task; no request does so any more.")
        case .tasksAPIAccess: rule(admin, "Use tasks at all.")
        // Metadata definitions.
        case .getMetadefNamespaces: rule(adminOrReader, deprecated: "rule:metadef_default", "List namespaces.")
        case .getMetadefNamespace: readMetadef("Show a namespace.")
        case .modifyMetadefNamespace: writeMetadef("Change a namespace.")
        case .addMetadefNamespace: writeMetadef("Create a namespace.")
        case .deleteMetadefNamespace: writeMetadef("Delete a namespace.")
        case .getMetadefObject: readMetadef("Show an object of a namespace.")
        case .getMetadefObjects: readMetadef("List the objects of a namespace.")
        case .modifyMetadefObject: writeMetadef("Change an object of a namespace.")
        case .addMetadefObject: writeMetadef("Create an object in a namespace.")
        case .deleteMetadefObject: writeMetadef("Delete an object of a namespace.")
        case .listMetadefResourceTypes: readMetadef("List all resource types.")
        case .getMetadefResourceType: readMetadef("List the resource types of a namespace.")
        case .addMetadefResourceTypeAssociation: writeMetadef("Associate a resource type with a namespace.")
        case .removeMetadefResourceTypeAssociation: writeMetadef("End a resource type's association.")
        case .getMetadefProperty: readMetadef("Show a property of a namespace.")
        case .getMetadefProperties: readMetadef("List the properties of a namespace.")
        case .modifyMetadefProperty: writeMetadef("Change a property of a namespace.")
        case .addMetadefProperty: writeMetadef("Create a property in a namespace.")
        case .removeMetadefProperty: writeMetadef("Delete a property of a namespace.")
        case .getMetadefTag: readMetadef("Show a tag of a namespace.")
        case .getMetadefTags: readMetadef("List the tags of a namespace.")
        case .modifyMetadefTag: writeMetadef("Rename a tag of a namespace.")
        case .addMetadefTag: writeMetadef("Create a tag in a namespace.")
        case .addMetadefTags: writeMetadef("Create several tags in a namespace.")
        case .deleteMetadefTag: writeMetadef("Delete a tag of a namespace.")
        case .deleteMetadefTags: writeMetadef("Delete all tags of a namespace.")
        }
    }

    private static func rule(_ check: String, deprecated: String? = nil, _ summary: String) -> Content {
        Content(check: check, deprecated: deprecated, summary: summary)
    }

    private static func readMetadef(_ summary: String) -> Content {
        rule(adminOrReaderOfNamespace, deprecated: "rule:metadef_default", summary)
    }

    private static func writeMetadef(_ summary: String) -> Content { rule("rule:metadef_admin", summary) }
}
