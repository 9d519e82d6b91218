import Authorization
import Identity
import ImageModel
import Testing

@testable import ImageService

/// Who may do what with which property.
@Suite struct PropertyProtectionTests {
    private static let rules = """
        [^x_owner_.*]
        create = admin,member
        read = admin, Member
        update = member
        delete = admin
        # first match counts, and it need not be at the beginning
        [secret]
        create = admin
        read = admin
        update = admin
        delete = admin
        [^x_nobody$]
        create = @
        read = @
        update = !
        delete =
        """

    private static func draft(_ properties: [String: String?]) -> ImageDraft {
        var draft = ImageDraft()
        draft.properties = properties
        return draft
    }

    private func harness() async throws -> ServiceHarness { try await ServiceHarness(protection: Self.rules) }

    @Test func createsWhatTheRolesMayCreate() async throws {
        let harness = try await harness()
        let member = await harness.caller("p")
        #expect(
            try await harness.service.create(Self.draft(["x_owner_a": "1"]), for: member)
                .properties["x_owner_a"] == "1")
        for name in ["a_secret", "unknown"] {
            await #expect(throws: ServiceError.forbidden("Property '\(name)' is protected")) {
                try await harness.service.create(Self.draft([name: "1"]), for: member)
            }
        }
    }

    @Test func hidesWhatTheRolesMayNotRead() async throws {
        let harness = try await harness()
        let admin = await harness.caller("p", roles: ["admin", "member", "reader"])
        let member = await harness.caller("p")
        let id = try await harness.service.create(
            Self.draft(["x_owner_a": "1", "a_secret": "2"]), for: admin
        ).id
        #expect(try await harness.service.show(id, for: member).properties == ["x_owner_a": "1"])
        #expect(try await harness.service.show(id, for: admin).properties == ["x_owner_a": "1", "a_secret": "2"])
        let page = try await harness.service.list(
            ImageQuery(viewer: ImageQuery.Viewer(project: "p", isAdmin: false)), for: member)
        #expect(page.images.first { $0.id == id }?.properties == ["x_owner_a": "1"])
        // Nor can values be guessed.
        var query = ImageQuery(viewer: ImageQuery.Viewer(project: "p", isAdmin: false))
        query.filters = [.property("a_secret", "2")]
        #expect(try await harness.service.list(query, for: member).images.isEmpty)
        #expect(try await harness.service.list(query, for: admin).images.map(\.id) == [id])
        // What is not seen stays when something else is changed.
        _ = try await harness.service.update(id, [.replaceProperty(name: "x_owner_a", value: "3")], for: member)
        #expect(try await harness.service.show(id, for: admin).properties == ["x_owner_a": "3", "a_secret": "2"])
    }

    @Test func changesAndRemovesWhatTheRolesMay() async throws {
        let harness = try await harness()
        let member = await harness.caller("p")
        let id = try await harness.service.create(
            Self.draft(["x_owner_a": "1", "x_nobody": "2"]), for: member
        ).id
        // Adding a property that is there is a change of it.
        for change in [
            ImageChange.replaceProperty(name: "x_nobody", value: "3"),
            .addProperty(name: "x_nobody", value: "3", mustBeNew: false),
            .removeProperty(name: "x_nobody"), .removeProperty(name: "x_owner_a"),
        ] {
            await #expect(throws: ServiceError.self) { try await harness.service.update(id, [change], for: member) }
        }
        #expect(
            try await harness.service.update(
                id, [.addProperty(name: "x_owner_b", value: "4", mustBeNew: false)], for: member
            )
            .properties["x_owner_b"] == "4")
    }

    /// Roles of a service that asks with the user's token count here, and nowhere else.
    @Test func rolesOfAServiceCount() async throws {
        let harness = try await harness()
        var identity = AuthContext(userID: "u", projectID: "p", roles: ["member", "reader"])
        identity.service = AuthContext.ServiceToken(
            userID: "s", userDomainID: nil, projectID: nil, projectDomainID: nil, roles: ["admin"])
        let caller = await harness.authorization.caller(identity: identity, requestID: "r", token: nil)
        #expect(!caller.isAdmin)
        let image = try await harness.service.create(Self.draft(["a_secret": "1"]), for: caller)
        #expect(image.properties["a_secret"] == "1")
    }

    /// A property that is hidden answers as one that is not there.
    @Test func whatIsHiddenIsNotThere() async throws {
        let harness = try await harness()
        let admin = await harness.caller("p", roles: ["admin", "member", "reader"])
        let member = await harness.caller("p")
        let id = try await harness.service.create(Self.draft(["a_secret": "2"]), for: admin).id
        for name in ["a_secret", "b_secret"] {
            await #expect(throws: ServiceError.forbidden("Property '\(name)' is protected")) {
                _ = try await harness.service.update(
                    id, [.addProperty(name: name, value: "x", mustBeNew: true)], for: member)
            }
            await #expect(throws: ServiceError.conflict("Property \(name) does not exist.")) {
                _ = try await harness.service.update(id, [.replaceProperty(name: name, value: "x")], for: member)
            }
        }
    }

    @Test("Bug 2085321: the service's own properties are for no rule, and rules that only look like theirs count")
    func namesOfTheServiceAreForNoRule() async throws {
        let text = """
            [my_os_glance_secret]
            create = !
            read = !
            update = !
            delete = !
            [.*]
            create = @
            read = @
            update = @
            delete = @
            """
        let harness = try await ServiceHarness(protection: text)
        let member = await harness.caller("p")
        await #expect(throws: ServiceError.self) {
            try await harness.service.create(Self.draft(["my_os_glance_secret": "1"]), for: member)
        }
        let protection = try PropertyProtection(
            text: Self.rules, path: "/p", namesPolicies: false, authorization: harness.authorization)
        #expect(await protection.allows(.read, "os_glance_import_task", for: member))
    }

    @Test func policiesAreAskedByTheirNames() async throws {
        let harness = try await ServiceHarness(policies: "owners: \"role:member\"\n")
        let protection = try PropertyProtection(
            text: "[^x_]\ncreate = owners\nread = @\nupdate = owners\ndelete = !", path: "/p", namesPolicies: true,
            authorization: harness.authorization)
        let member = await harness.caller("p")
        let reader = await harness.caller("p", roles: ["reader"])
        #expect(await protection.allows(.create, "x_a", for: member))
        #expect(await !protection.allows(.create, "x_a", for: reader))
        #expect(await protection.allows(.read, "x_a", for: reader))
        #expect(await !protection.allows(.delete, "x_a", for: member))
        #expect(throws: PropertyProtection.Problem.self) {
            try PropertyProtection(
                text: "[a]\ncreate = a,b\nread = @\nupdate = @\ndelete = @", path: "/p", namesPolicies: true,
                authorization: nil)
        }
    }

    @Test(arguments: [
        (
            "[a]\ncreate = @\nread = @\nupdate = @\ndelete = @\n[a]\ncreate = @\nread = @\nupdate = @\ndelete = @",
            "twice"
        ), ("[a]\ncreate = @\nread = @\nupdate = @", "who may delete"), ("[a\ncreate = @", "neither a section"),
        ("[*]\ncreate = @\nread = @\nupdate = @\ndelete = @", "regular expression"),
        ("[a]\ncreate = @,!\nread = @\nupdate = @\ndelete = @", "exclude each other"), ("create = @", "neither"),
    ])
    func filesThatMeanNothingEndTheStart(_ text: String, _ reason: String) async throws {
        let harness = try await harness()
        let error = #expect(throws: PropertyProtection.Problem.self) {
            try PropertyProtection(
                text: text, path: "/p", namesPolicies: false, authorization: harness.authorization)
        }
        #expect(error?.description.contains(reason) == true && error?.description.hasPrefix("/p:") == true)
    }
}
