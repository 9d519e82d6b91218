/// The questions that the service asks its policies: Glance 33's names, those of what is not served yet included.
///
/// Whoever asks names a case, so no question can fall to the rule `default`, which lets everybody pass, by a slip of the pen.
/// Policy files may define further names and refer to them.
public enum PolicyRule: String, CaseIterable, Sendable {
    // Named in other rules.
    case `default`
    case contextIsAdmin = "context_is_admin"
    case serviceAPI = "service_api"
    case metadefDefault = "metadef_default"
    case metadefAdmin = "metadef_admin"

    // Images.
    case addImage = "add_image"
    case deleteImage = "delete_image"
    case getImage = "get_image"
    case getImages = "get_images"
    case modifyImage = "modify_image"
    case publicizeImage = "publicize_image"
    case communitizeImage = "communitize_image"
    case downloadImage = "download_image"
    case downloadFromStore = "download_from_store"
    case uploadImage = "upload_image"

    // Locations.
    case deleteImageLocation = "delete_image_location"
    case getImageLocation = "get_image_location"
    case setImageLocation = "set_image_location"
    case addImageLocation = "add_image_location"
    case fetchImageLocation = "fetch_image_location"

    // Members.
    case addMember = "add_member"
    case deleteMember = "delete_member"
    case getMember = "get_member"
    case getMembers = "get_members"
    case modifyMember = "modify_member"

    // States and stores.
    case deactivate
    case reactivate
    case copyImage = "copy_image"
    case storesInfoDetail = "stores_info_detail"

    // The cache.
    case manageImageCache = "manage_image_cache"
    case cacheImage = "cache_image"
    case cacheList = "cache_list"
    case cacheDelete = "cache_delete"
    case cacheClean = "cache_clean"
    case cachePrune = "cache_prune"
    case listCachedNodes = "list_cached_nodes"

    // Tasks.
    case getTask = "get_task"
    case getTasks = "get_tasks"
    case addTask = "add_task"
    case modifyTask = "modify_task"
    case tasksAPIAccess = "tasks_api_access"

    // Metadata definitions.
    case getMetadefNamespaces = "get_metadef_namespaces"
    case getMetadefNamespace = "get_metadef_namespace"
    case modifyMetadefNamespace = "modify_metadef_namespace"
    case addMetadefNamespace = "add_metadef_namespace"
    case deleteMetadefNamespace = "delete_metadef_namespace"
    case getMetadefObject = "get_metadef_object"
    case getMetadefObjects = "get_metadef_objects"
    case modifyMetadefObject = "modify_metadef_object"
    case addMetadefObject = "add_metadef_object"
    case deleteMetadefObject = "delete_metadef_object"
    case listMetadefResourceTypes = "list_metadef_resource_types"
    case getMetadefResourceType = "get_metadef_resource_type"
    case addMetadefResourceTypeAssociation = "add_metadef_resource_type_association"
    case removeMetadefResourceTypeAssociation = "remove_metadef_resource_type_association"
    case getMetadefProperty = "get_metadef_property"
    case getMetadefProperties = "get_metadef_properties"
    case modifyMetadefProperty = "modify_metadef_property"
    case addMetadefProperty = "add_metadef_property"
    case removeMetadefProperty = "remove_metadef_property"
    case getMetadefTag = "get_metadef_tag"
    case getMetadefTags = "get_metadef_tags"
    case modifyMetadefTag = "modify_metadef_tag"
    case addMetadefTag = "add_metadef_tag"
    case addMetadefTags = "add_metadef_tags"
    case deleteMetadefTag = "delete_metadef_tag"
    case deleteMetadefTags = "delete_metadef_tags"

    /// Whether the rule is only there to be named in others (and `context_is_admin` to be asked about each caller).
    var isHelper: Bool {
        switch self {
        case .default, .contextIsAdmin, .serviceAPI, .metadefDefault, .metadefAdmin: true
        default: false
        }
    }
}
