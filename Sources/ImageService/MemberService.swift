public import Authorization
import ImageDatabase
public import ImageModel

/// Whom images are shared with, and what they say to it.
public struct MemberService: Sendable {
    let common: ServiceContext

    public init(_ common: ServiceContext) { self.common = common }

    /// Members of an image: all of them for owner and administrators, only itself for a member (Images API v2, "List image
    /// members").
    public func members(of id: String, for caller: Caller) async throws -> [ImageMember] {
        let image = try await common.visibleImage(id, for: caller)
        try requireShared(image)
        try await common.authorization.enforceMembers(.getMembers, of: image, for: caller)
        guard await common.authorization.allows(.getMember, on: image, for: caller) else { return [] }
        return common.authorization.visibleMembers(of: image, to: caller)
    }

    /// One member. Whoever may not know about it gets `notFound` (Images API v2, "Show image member details").
    public func member(_ project: String, of id: String, for caller: Caller) async throws -> ImageMember {
        let image = try await common.visibleImage(id, for: caller)
        do {
            try requireShared(image)
            try await common.authorization.enforceMembers(.getMember, of: image, for: caller)
        } catch ServiceError.forbidden(let text) {
            throw ServiceError.notFound(text)
        } catch let error as AuthorizationError {
            throw ServiceError.notFound("\(error)")
        }
        return try seenMember(project, of: image, by: caller)
    }

    /// Offers an image to a project (Images API v2, "Create image member").
    public func addMember(_ project: String, to id: String, for caller: Caller) async throws -> ImageMember {
        let image = try await common.changeableImage(id, for: caller)
        try requireShared(image)
        try await common.authorization.enforceMembers(.addMember, of: image, for: caller)
        try common.authorization.requireUnderOldDefaults(
            image.owner != nil && image.owner == caller.project, to: "create members", for: caller)
        do {
            let member = try await common.database.members.add(project, toImage: id, limit: common.quotas.members)
            common.log(.memberAdded, "Image shared", image: id, for: caller, ["member_id": .string(project)])
            var shared = image
            shared.members.append(member)
            await common.shareData(of: shared, for: caller)
            common.notifier.tell("image.member.create", .object(ImageNotification.payload(member, of: id)))
            return member
        } catch {
            switch error {
            case .notFound: throw ServiceError.notFound("No image found with ID \(id)")
            case .duplicate: throw ServiceError.conflict("Member \(project) is duplicated for image \(id)")
            case .limitReached:
                throw ServiceError.tooLarge(
                    "The limit has been exceeded on the number of allowed members of image \(id). "
                        + "Maximum: \(common.quotas.members)")
            default: throw error
            }
        }
    }

    /// Stores a project's answer (Images API v2, "Update image member").
    public func setMemberStatus(
        _ status: ImageMember.Status, of project: String, in id: String, for caller: Caller
    ) async throws -> ImageMember {
        let image = try await common.changeableImage(id, for: caller)
        try requireShared(image)
        try common.authorization.requireUnderOldDefaults(
            image.owner != caller.project, to: "modify the status of this member", for: caller)
        try await common.authorization.enforceMembers(.getMember, of: image, for: caller)
        _ = try seenMember(project, of: image, by: caller)
        try await common.authorization.enforceMembers(.modifyMember, of: image, for: caller)
        guard let member = try await common.database.members.update(project, ofImage: id, status: status) else {
            throw Self.noSuchMember(project, id)
        }
        common.log(
            .memberStatusChanged, "Status of a member changed", image: id, for: caller,
            ["member_id": .string(project), "status": .string(status.rawValue)])
        common.notifier.tell("image.member.update", .object(ImageNotification.payload(member, of: id)))
        return member
    }

    /// Takes the offer back (Images API v2, "Delete image member").
    public func removeMember(_ project: String, from id: String, for caller: Caller) async throws {
        let image = try await common.changeableImage(id, for: caller)
        try requireShared(image)
        try common.authorization.requireUnderOldDefaults(
            image.owner == caller.project, to: "delete members", for: caller)
        try await common.authorization.enforceMembers(.getMember, of: image, for: caller)
        let member = try seenMember(project, of: image, by: caller)
        try await common.authorization.enforceMembers(.deleteMember, of: image, for: caller)
        guard try await common.database.members.remove(project, fromImage: id) else {
            throw Self.noSuchMember(project, id)
        }
        common.log(.memberRemoved, "Image no longer shared", image: id, for: caller, ["member_id": .string(project)])
        var shared = image
        shared.members.removeAll { $0.project == project }
        await common.shareData(of: shared, for: caller)
        common.notifier.tell("image.member.delete", .object(ImageNotification.payload(member, of: id).deleted))
    }

    // MARK: - Checks

    private func requireShared(_ image: Image) throws(ServiceError) {
        if image.visibility != .shared { throw .forbidden("Only shared images have members.") }
    }

    private func seenMember(_ project: String, of image: Image, by caller: Caller) throws(ServiceError) -> ImageMember {
        let members = common.authorization.visibleMembers(of: image, to: caller)
        guard let member = members.first(where: { $0.project == project }) else {
            throw Self.noSuchMember(project, image.id)
        }
        return member
    }

    private static func noSuchMember(_ project: String, _ id: String) -> ServiceError {
        .notFound("\(project) not found in the member list of the image \(id).")
    }
}
