/// Names of image attributes by what clients may do with them (Images API v2, "Create image" and "Update image").
enum ImageAttributes {
    /// Attributes of the image itself; everything else is a custom property.
    static let base: Set<String> = [
        "checksum", "container_format", "created_at", "direct_url", "disk_format", "file", "id", "locations",
        "min_disk",
        "min_ram", "name", "os_hash_algo", "os_hash_value", "os_hidden", "owner", "protected", "schema", "self", "size",
        "status", "stores", "tags", "updated_at", "virtual_size", "visibility",
    ]

    /// Attributes that only the service sets.
    static let readOnly: Set<String> = [
        "checksum", "created_at", "direct_url", "file", "id", "os_hash_algo", "os_hash_value", "schema", "self", "size",
        "status", "stores", "updated_at", "virtual_size",
    ]

    /// Names that old releases used; they must not come back as properties.
    static let reserved: Set<String> = ["deleted", "deleted_at", "location"]

    /// Properties of the service's own bookkeeping start with this.
    static let reservedPrefix = "os_glance"

    /// Bookkeeping that no client sees.
    static let hidden: Set<String> = ["os_glance_stage_host", "os_glance_hash_op_host"]

    /// Most characters of a property's name: the width of the column.
    static let longestPropertyName = 255

    /// Largest `min_disk` and `min_ram`: the width of the columns.
    static let largestMinimum: Int64 = 2_147_483_647

    /// - Throws: ``APIError`` 403 for names that no request may set or remove.
    static func requireWritable(_ name: String) throws(APIError) {
        if readOnly.contains(name) { throw .readOnlyAttribute(name) }
        if reserved.contains(name) || name.hasPrefix(reservedPrefix) { throw .reservedAttribute(name) }
    }

    /// - Throws: ``APIError`` 400 for a property name that the database cannot hold.
    static func requirePropertyName(_ name: String) throws(APIError) {
        guard name.unicodeScalars.count <= longestPropertyName else {
            throw .badRequest("Names of custom properties can have at most \(longestPropertyName) characters.")
        }
    }
}

extension APIError {
    /// 403
    static func readOnlyAttribute(_ name: String) -> APIError {
        APIError(.forbidden, "Attribute '\(name)' is read-only.")
    }

    /// 403
    static func reservedAttribute(_ name: String) -> APIError {
        APIError(.forbidden, "Attribute '\(name)' is reserved.")
    }
}
