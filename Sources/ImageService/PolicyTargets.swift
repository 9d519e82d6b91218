import ImageModel
import OsloPolicy

extension Image {
    /// What policy rules see of an image: its attributes under Glance's names and every custom property.
    ///
    /// - Parameter caller: `member_id` is the caller's project if the image is shared with it.
    func policyTarget(for caller: Caller) -> PolicyTarget {
        func text(_ value: String?) -> PolicyValue { value.map { .string($0) } ?? .null }
        func number(_ value: Int64?) -> PolicyValue { value.map { .string(String($0)) } ?? .null }
        var target = PolicyTarget(minimumCapacity: properties.count + 24)
        for (name, value) in properties { target[name] = text(value) }
        target["image_id"] = .string(id)
        target["id"] = .string(id)
        target["name"] = text(name)
        target["status"] = .string(status.rawValue)
        target["visibility"] = .string(visibility.rawValue)
        target["owner"] = text(owner)
        target["project_id"] = text(owner)
        target["size"] = number(size)
        target["virtual_size"] = number(virtualSize)
        target["disk_format"] = text(diskFormat)
        target["container_format"] = text(containerFormat)
        target["min_disk"] = .string(String(minDisk))
        target["min_ram"] = .string(String(minRAM))
        target["protected"] = .bool(isProtected)
        target["os_hidden"] = .bool(isHidden)
        target["checksum"] = text(checksum)
        target["os_hash_algo"] = text(hashAlgorithm)
        target["os_hash_value"] = text(hashValue)
        target["tags"] = .list(tags)
        let isMember = visibility == .shared && members.contains { $0.project == caller.project }
        target["member"] = text(isMember ? caller.project : nil)
        target["member_id"] = target["member"]
        return target
    }
}
