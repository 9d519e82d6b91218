import ImageDatabase
public import ImageModel
import OsloConfig
import OsloPolicy

extension ImageService {
    /// Members of an image: all of them for owner and administrators, only itself for a member (Images API v2, "List image
    /// members").
    public func members(of id: String, for caller: Caller) async throws -> [ImageMember] {
        let image = try await visibleImage(id, for: caller)
        try requireShared(image)
        try await enforceMember("get_members", on: image, for: caller)
        let target = image.policyTarget(for: caller)
        guard await policy.allows("get_member", target: target, credentials: caller.credentials) else { return [] }
        return seenMembers(of: image, by: caller)
    }

    /// One member. Whoever may not know about it gets `notFound` (Images API v2, "Show image member details").
    public func member(_ project: String, of id: String, for caller: Caller) async throws -> ImageMember {
        let image = try await visibleImage(id, for: caller)
        do {
            try requireShared(image)
            try await enforceMember("get_member", on: image, for: caller)
        } catch ServiceError.forbidden(let text) {
            throw ServiceError.notFound(text)
        }
        return try seenMember(project, of: image, by: caller)
    }

    /// Offers an image to a project (Images API v2, "Create image member").
    public func addMember(_ project: String, to id: String, for caller: Caller) async throws -> ImageMember {
        try requireWriter(caller)
        let image = try await visibleImage(id, for: caller)
        try requireShared(image)
        try await enforceMember("add_member", on: image, for: caller)
        try requireLegacy(caller, "create members") { image.owner != nil && image.owner == caller.project }
        do {
            let member = try await database.members.add(project, toImage: id, limit: quotas.members)
            log(.memberAdded, "Image shared", image: id, for: caller, ["member_id": .string(project)])
            return member
        } catch {
            switch error {
            case .notFound: throw ServiceError.notFound("No image found with ID \(id)")
            case .duplicate: throw ServiceError.conflict("Member \(project) is duplicated for image \(id)")
            case .limitReached:
                throw ServiceError.tooLarge(
                    "The limit has been exceeded on the number of allowed members of image \(id). "
                        + "Maximum: \(quotas.members)")
            default: throw error
            }
        }
    }

    /// Stores a project's answer (Images API v2, "Update image member").
    public func setMemberStatus(
        _ status: ImageMember.Status, of project: String, in id: String, for caller: Caller
    ) async throws -> ImageMember {
        try requireWriter(caller)
        let image = try await visibleImage(id, for: caller)
        try requireShared(image)
        try requireLegacy(caller, "modify the status of this member") { image.owner != caller.project }
        try await enforceMember("get_member", on: image, for: caller)
        _ = try seenMember(project, of: image, by: caller)
        try await enforceMember("modify_member", on: image, for: caller)
        guard let member = try await database.members.update(project, ofImage: id, status: status) else {
            throw Self.noSuchMember(project, id)
        }
        log(
            .memberStatusChanged, "Status of a member changed", image: id, for: caller,
            ["member_id": .string(project), "status": .string(status.rawValue)])
        return member
    }

    /// Takes the offer back (Images API v2, "Delete image member").
    public func removeMember(_ project: String, from id: String, for caller: Caller) async throws {
        try requireWriter(caller)
        let image = try await visibleImage(id, for: caller)
        try requireShared(image)
        try requireLegacy(caller, "delete members") { image.owner == caller.project }
        try await enforceMember("get_member", on: image, for: caller)
        _ = try seenMember(project, of: image, by: caller)
        try await enforceMember("delete_member", on: image, for: caller)
        guard try await database.members.remove(project, fromImage: id) else {
            throw Self.noSuchMember(project, id)
        }
        log(.memberRemoved, "Image no longer shared", image: id, for: caller, ["member_id": .string(project)])
    }

    // MARK: - Checks

    private func requireShared(_ image: Image) throws(ServiceError) {
        if image.visibility != .shared { throw .forbidden("Only shared images have members.") }
    }

    /// Member policies are asked after `get_image`, whose refusal means `notFound`.
    private func enforceMember(_ rule: String, on image: Image, for caller: Caller) async throws {
        try await enforce("get_image", on: image, for: caller)
        let target = image.policyTarget(for: caller)
        guard await policy.allows(rule, target: target, credentials: caller.credentials) else {
            throw Self.refused(rule)
        }
    }

    /// The ownership check that the new policy defaults contain.
    private func requireLegacy(_ caller: Caller, _ action: String, _ holds: () -> Bool) throws(ServiceError) {
        if configuration[Options.OsloPolicy.enforceNewDefaults] || caller.isAdmin || holds() { return }
        throw .forbidden("You are not permitted to \(action) of this image.")
    }

    private func seenMembers(of image: Image, by caller: Caller) -> [ImageMember] {
        if caller.isAdmin || image.owner == caller.project { return image.members }
        return image.members.filter { $0.project == caller.project }
    }

    private func seenMember(_ project: String, of image: Image, by caller: Caller) throws(ServiceError) -> ImageMember {
        guard let member = seenMembers(of: image, by: caller).first(where: { $0.project == project }) else {
            throw Self.noSuchMember(project, image.id)
        }
        return member
    }

    private static func noSuchMember(_ project: String, _ id: String) -> ServiceError {
        .notFound("\(project) not found in the member list of the image \(id).")
    }
}
