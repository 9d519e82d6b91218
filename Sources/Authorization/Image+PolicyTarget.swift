import ImageModel
import OsloPolicy

extension Image {
    /// What policy rules see of an image: its attributes under Glance's names and every custom property.
    ///
    /// - Parameter caller: `member_id` is the caller's project if the image is shared with it.
    func policyTarget(for caller: Caller) -> PolicyTarget {
        let project = caller.project
        return PolicyTarget(
            names: { Self.policyAttributes + properties.keys },
            fact: { name in policyAttribute(name, project: project) ?? properties[name].map { .text($0) } })
    }

    private static let policyAttributes = [
        "image_id", "id", "name", "status", "visibility", "owner", "project_id", "size", "virtual_size", "disk_format",
        "container_format", "min_disk", "min_ram", "protected", "os_hidden", "checksum", "os_hash_algo",
        "os_hash_value",
        "tags", "member", "member_id",
    ]

    private func policyAttribute(_ name: String, project: String?) -> PolicyValue? {
        switch name {
        case "image_id", "id": .string(id)
        case "name": .text(self.name)
        case "status": .string(status.rawValue)
        case "visibility": .string(visibility.rawValue)
        case "owner", "project_id": .text(owner)
        case "size": .number(size)
        case "virtual_size": .number(virtualSize)
        case "disk_format": .text(diskFormat)
        case "container_format": .text(containerFormat)
        case "min_disk": .string(String(minDisk))
        case "min_ram": .string(String(minRAM))
        case "protected": .bool(isProtected)
        case "os_hidden": .bool(isHidden)
        case "checksum": .text(checksum)
        case "os_hash_algo": .text(hashAlgorithm)
        case "os_hash_value": .text(hashValue)
        case "tags": .list(tags)
        case "member", "member_id":
            .text(visibility == .shared && members.contains { $0.project == project } ? project : nil)
        default: nil
        }
    }
}

extension PolicyValue {
    fileprivate static func text(_ value: String?) -> PolicyValue { value.map { .string($0) } ?? .null }

    fileprivate static func number(_ value: Int64?) -> PolicyValue { value.map { .string(String($0)) } ?? .null }
}
