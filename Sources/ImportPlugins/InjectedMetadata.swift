/// The step `inject_image_metadata`: what `[inject_metadata_properties]` gives to imported images.
public struct InjectedMetadata: Sendable {
    private let properties: [String: String]
    private let ignoredRoles: Set<String>

    /// - Parameters:
    ///   - properties: by name. Names of the service's own (`os_glance…`) are left out.
    ///   - ignoredRoles: who has one of these imports without them.
    public init(properties: [String: String], ignoredRoles: [String]) {
        self.properties = properties.filter { !$0.key.hasPrefix("os_glance") }
        self.ignoredRoles = Set(ignoredRoles.map { $0.lowercased() })
    }

    /// What an image gets that a user with these roles imports. It counts more than what the image has.
    public func properties(forRoles roles: [String]) -> [String: String] {
        roles.contains { ignoredRoles.contains($0.lowercased()) } ? [:] : properties
    }
}
