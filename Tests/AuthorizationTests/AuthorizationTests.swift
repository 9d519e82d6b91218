import Authorization
import Foundation
import Identity
import ImageModel
import Logging
import OsloPolicy
import TestSupport
import Testing

/// What the code decides beside the policies.
@Suite struct AuthorizationTests {
    private static func authorization(newDefaults: Bool = true) throws -> Authorization {
        Authorization(
            enforcer: try Enforcer(
                defaults: DefaultPolicies.rules, policyFile: nil, policyDirectories: [],
                enforceNewDefaults: newDefaults, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            enforcesNewDefaults: newDefaults)
    }

    private static func caller(
        _ project: String, _ authorization: Authorization, roles: [String] = ["member", "reader"]
    ) async -> Caller {
        await authorization.caller(
            identity: AuthContext(userID: "u", projectID: project, roles: roles), requestID: "req-1", token: nil)
    }

    @Test func administratorsAreWhoTheRuleNames() async throws {
        let authorization = try Self.authorization()
        #expect(await Self.caller("p", authorization, roles: ["admin"]).isAdmin)
        #expect(await Self.caller("p", authorization).isAdmin == false)
    }

    /// A list decides about a thousand images: the policy files are looked at when the request comes, and for the next one again.
    @Test func oneRequestIsDecidedByTheFilesAsItFoundThem() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory + "/policy.yaml"
            let authorization = Authorization(
                enforcer: try Enforcer(
                    defaults: DefaultPolicies.rules, policyFile: file, policyDirectories: [], enforceNewDefaults: true,
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
                enforcesNewDefaults: true)
            let image = Image(id: "i", visibility: .private, owner: "mine")
            let before = await Self.caller("mine", authorization)
            try "get_image: '!'".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(await authorization.allows(.getImage, on: image, for: before))
            let after = await Self.caller("mine", authorization)
            #expect(await !authorization.allows(.getImage, on: image, for: after))
        }
    }

    @Test func whatIsNotVisibleIsNotThere() async throws {
        let authorization = try Self.authorization()
        let stranger = await Self.caller("theirs", authorization)
        let image = Image(id: "i", visibility: .private, owner: "mine")
        #expect(throws: AuthorizationError.imageNotFound(id: "i")) {
            try authorization.visible(image, id: "i", to: stranger)
        }
        #expect(throws: AuthorizationError.imageNotFound(id: "j")) {
            try authorization.visible(nil, id: "j", to: stranger)
        }
        // Nor is it for a policy that would refuse it anyway.
        await #expect(throws: AuthorizationError.imageNotFound(id: "i")) {
            try await authorization.enforce(.deleteImage, on: image, for: stranger)
        }
        let community = Image(id: "i", visibility: .community, owner: "mine")
        #expect(try authorization.visible(community, id: "i", to: stranger) == community)
        await #expect(throws: AuthorizationError.refused(.deleteImage)) {
            try await authorization.enforce(.deleteImage, on: community, for: stranger)
        }
    }

    /// With the old defaults everybody passes `modify_image`.
    @Test func othersImagesAreChangedByAdministratorsOnly() async throws {
        let authorization = try Self.authorization(newDefaults: false)
        let stranger = await Self.caller("theirs", authorization)
        for owner in ["mine", nil] {
            let image = Image(id: "i", visibility: .community, owner: owner)
            await #expect(throws: AuthorizationError.notOwner) {
                try await authorization.enforceMutation(.modifyImage, on: image, for: stranger)
            }
            let admin = await Self.caller("ops", authorization, roles: ["admin"])
            try await authorization.enforceMutation(.modifyImage, on: image, for: admin)
        }
    }

    @Test(arguments: [true, false])
    func imagesForOthersAreCreatedByAdministratorsOnly(newDefaults: Bool) async throws {
        let authorization = try Self.authorization(newDefaults: newDefaults)
        let member = await Self.caller("mine", authorization)
        try await authorization.enforceCreation(owner: "mine", visibility: nil, for: member)
        await #expect(throws: AuthorizationError.foreignOwner("theirs")) {
            try await authorization.enforceCreation(owner: "theirs", visibility: nil, for: member)
        }
        await #expect(throws: AuthorizationError.refused(.publicizeImage)) {
            try await authorization.enforceCreation(owner: "mine", visibility: .public, for: member)
        }
        let admin = await Self.caller("ops", authorization, roles: ["admin", "member", "reader"])
        try await authorization.enforceCreation(owner: "theirs", visibility: .public, for: admin)
    }

    @Test func anonymousCallersOnlyRead() throws {
        let authorization = try Self.authorization()
        let nobody = Caller(identity: nil, project: nil, isAdmin: false, isReadOnly: true, requestID: "")
        #expect(throws: AuthorizationError.readOnly) { try authorization.requireWriter(nobody) }
    }

    @Test func membersKnowOfThemselvesOnly() async throws {
        let authorization = try Self.authorization()
        var image = Image(id: "i", visibility: .shared, owner: "mine")
        image.members = ["a", "b"].map { ImageMember(imageID: "i", project: $0) }
        #expect(authorization.visibleMembers(of: image, to: await Self.caller("mine", authorization)).count == 2)
        #expect(
            authorization.visibleMembers(of: image, to: await Self.caller("b", authorization)).map(\.project) == ["b"])
    }

    @Test func oldDefaultsLeaveMembershipToTheCode() async throws {
        let old = try Self.authorization(newDefaults: false)
        let stranger = await Self.caller("theirs", old)
        #expect(throws: AuthorizationError.membersOfOthers(action: "create members")) {
            try old.requireUnderOldDefaults(false, to: "create members", for: stranger)
        }
        try old.requireUnderOldDefaults(true, to: "create members", for: stranger)
        try Self.authorization().requireUnderOldDefaults(false, to: "create members", for: stranger)
    }
}
