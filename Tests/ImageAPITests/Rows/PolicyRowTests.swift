import Authorization
import HTTPTypes
import Testing

@testable import ImageAPI

/// The policies: which request each of them decides about. Who passes by default is in `DefaultPoliciesTests`.
@Suite struct PolicyRowTests {
    /// A policy, and a request of an administrator that is refused when the policy lets nobody pass.
    struct Policy: Sendable, CustomTestStringConvertible {
        let rule: PolicyRule
        let method: HTTPRequest.Method
        /// With `QUEUED`, `ACTIVE` and `BOTH` for images of the administrator's: without data, with data, with data in two
        /// stores; and `TASK`. The namespace `N` has one of everything.
        let path: String
        let status: Int
        let body: String?
        let headers: HTTPFields

        init(
            _ rule: PolicyRule, _ method: HTTPRequest.Method, _ path: String, _ status: Int = 403, body: String? = nil,
            headers: HTTPFields = [:]
        ) {
            (self.rule, self.method, self.path, self.status) = (rule, method, path, status)
            (self.body, self.headers) = (body, headers)
        }

        var testDescription: String { "\(rule.rawValue): \(method) \(path): \(status)" }
    }

    private static let queued = "/v2/images/QUEUED"
    private static let active = "/v2/images/ACTIVE"
    private static let namespace = "/v2/metadefs/namespaces/N"

    private static func change(_ name: String, _ value: String) -> String {
        #"[{"op": "add", "path": "/\#(name)", "value": \#(value)}]"#
    }

    private static let location = #"{"url": "http://127.0.0.1:9/", "metadata": {}}"#
    private static let task = """
        {"type": "import", "input": {"import_from": "http://127.0.0.1:9/", "image_properties": {}}}
        """

    static let images: [Policy] = [
        Policy(.addImage, .post, "/v2/images", body: "{}"), Policy(.getImages, .get, "/v2/images"),
        Policy(.getImage, .get, active, 404),
        Policy(.getImage, .get, active + "/tasks", 404),
        Policy(.modifyImage, .patch, active, body: change("name", "\"n\""), headers: .patch),
        Policy(.modifyImage, .put, active + "/tags/u"), Policy(.modifyImage, .delete, active + "/tags/t"),
        Policy(.modifyImage, .put, queued + "/stage", body: "data", headers: .octets),
        Policy(
            .modifyImage, .post, queued + "/import",
            body: #"{"method": {"name": "web-download", "uri": "http://127.0.0.1:9/"}}"#),
        Policy(.deleteImage, .delete, active),
        Policy(.publicizeImage, .patch, active, body: change("visibility", "\"public\""), headers: .patch),
        Policy(.publicizeImage, .post, "/v2/images", body: #"{"visibility": "public"}"#),
        Policy(.communitizeImage, .patch, active, body: change("visibility", "\"community\""), headers: .patch),
        Policy(.communitizeImage, .post, "/v2/images", body: #"{"visibility": "community"}"#),
        Policy(.uploadImage, .put, queued + "/file", body: "data", headers: .octets),
        Policy(.downloadImage, .get, active + "/file"),
        Policy(.downloadFromStore, .get, active + "/file?prefer=fast"),
        Policy(.getImageLocation, .delete, "/v2/stores/slow/BOTH"),
        Policy(.setImageLocation, .patch, active, body: change("locations/-", location), headers: .patch),
        Policy(
            .deleteImageLocation, .patch, "/v2/images/BOTH", body: #"[{"op": "remove", "path": "/locations/0"}]"#,
            headers: .patch),
        Policy(.deleteImageLocation, .delete, "/v2/stores/slow/BOTH"),
        Policy(.addImageLocation, .post, queued + "/locations", body: #"{"url": "http://127.0.0.1:9/"}"#),
        Policy(.fetchImageLocation, .get, active + "/locations"),
        Policy(.addMember, .post, active + "/members", body: #"{"member": "n"}"#),
        Policy(.getMembers, .get, active + "/members"), Policy(.getMember, .get, active + "/members/m", 404),
        Policy(.modifyMember, .put, active + "/members/m", body: #"{"status": "accepted"}"#),
        Policy(.deleteMember, .delete, active + "/members/m"),
        Policy(.deactivate, .post, active + "/actions/deactivate"),
        Policy(.reactivate, .post, active + "/actions/reactivate"),
        Policy(
            .copyImage, .post, active + "/import", body: #"{"method": {"name": "copy-image"}, "stores": ["slow"]}"#),
        Policy(.storesInfoDetail, .get, "/v2/info/stores/detail"),
    ]

    static let others: [Policy] = [
        Policy(.manageImageCache, .get, "/v2/cached_images"), Policy(.cacheList, .get, "/v2/cache"),
        Policy(.cacheImage, .put, "/v2/cache/ACTIVE"), Policy(.cacheDelete, .delete, "/v2/cache"),
        Policy(.cacheDelete, .delete, "/v2/cache/ACTIVE"), Policy(.cacheClean, .post, "/v2/cache/clean"),
        Policy(.cachePrune, .post, "/v2/cache/prune"), Policy(.listCachedNodes, .get, "/v2/cache/nodes/ACTIVE"),
        Policy(.tasksAPIAccess, .get, "/v2/tasks"), Policy(.tasksAPIAccess, .post, "/v2/tasks", body: task),
        Policy(.tasksAPIAccess, .get, "/v2/tasks/TASK"), Policy(.getTasks, .get, "/v2/tasks"),
        Policy(.getTask, .get, "/v2/tasks/TASK"), Policy(.addTask, .post, "/v2/tasks", body: task),
        Policy(.getMetadefNamespaces, .get, "/v2/metadefs/namespaces"),
        Policy(.getMetadefNamespace, .get, namespace, 404),
        Policy(.addMetadefNamespace, .post, "/v2/metadefs/namespaces", body: #"{"namespace": "M"}"#),
        Policy(.modifyMetadefNamespace, .put, namespace, body: #"{"namespace": "N"}"#),
        Policy(.deleteMetadefNamespace, .delete, namespace),
        Policy(.getMetadefObjects, .get, namespace + "/objects"),
        Policy(.getMetadefObject, .get, namespace + "/objects/o"),
        Policy(.addMetadefObject, .post, namespace + "/objects", body: #"{"name": "o2"}"#),
        Policy(.modifyMetadefObject, .put, namespace + "/objects/o", body: #"{"name": "o"}"#),
        Policy(.deleteMetadefObject, .delete, namespace + "/objects/o"),
        Policy(.getMetadefProperties, .get, namespace + "/properties"),
        Policy(.getMetadefProperty, .get, namespace + "/properties/p"),
        Policy(
            .addMetadefProperty, .post, namespace + "/properties",
            body: #"{"name": "p2", "title": "T", "type": "string"}"#),
        Policy(
            .modifyMetadefProperty, .put, namespace + "/properties/p",
            body: #"{"name": "p", "title": "T", "type": "string"}"#),
        Policy(.removeMetadefProperty, .delete, namespace + "/properties/p"),
        Policy(.getMetadefTags, .get, namespace + "/tags"), Policy(.getMetadefTag, .get, namespace + "/tags/t"),
        Policy(.addMetadefTag, .post, namespace + "/tags/t2"),
        Policy(.addMetadefTags, .post, namespace + "/tags", body: #"{"tags": [{"name": "t2"}]}"#),
        Policy(.modifyMetadefTag, .put, namespace + "/tags/t", body: #"{"name": "t"}"#),
        Policy(.deleteMetadefTag, .delete, namespace + "/tags/t"),
        Policy(.deleteMetadefTags, .delete, namespace + "/tags"),
        Policy(.listMetadefResourceTypes, .get, "/v2/metadefs/resource_types"),
        Policy(.getMetadefResourceType, .get, namespace + "/properties/x_p?resource_type=R"),
        Policy(
            .addMetadefResourceTypeAssociation, .post, namespace + "/resource_types", body: #"{"name": "S"}"#),
        Policy(.removeMetadefResourceTypeAssociation, .delete, namespace + "/resource_types/R"),
    ]

    @Test(arguments: images + others) func policy(_ policy: Policy) async throws {
        let site = try await RowSite("show_multiple_locations = true", isMultiStore: true)
        let path = try await Self.prepare(policy.path, site)
        try site.harness.setPolicies("\"\(policy.rule.rawValue)\": \"!\"\n")
        try await site.admin.expect(policy.status, policy.method, path, headers: policy.headers, body: policy.body)
        // It was the policy, and nothing else.
        try site.harness.setPolicies(nil)
        let answer = try await site.admin.send(policy.method, path, headers: policy.headers, body: policy.body)
        #expect((200..<300).contains(answer.status), "\(answer.status) \(answer.body)")
    }

    /// Makes what a path names.
    private static func prepare(_ path: String, _ site: RowSite) async throws -> String {
        if path.contains("/N") { try await MetadefRowTests.made(site) }
        if path.contains("QUEUED") { return path.replacing("QUEUED", with: try await site.queued(by: site.admin)) }
        if path.contains("TASK") {
            let made = try await site.admin.expect(201, .post, "/v2/tasks", body: task)
            return path.replacing("TASK", with: try #require(made["id"]?.stringValue))
        }
        if path.contains("BOTH") { return path.replacing("BOTH", with: try await site.inTwoStores()) }
        guard path.contains("ACTIVE") else { return path }
        let id = try await site.active("data", #", "tags": ["t"]"#, by: site.admin)
        try await site.admin.expect(200, .post, "/v2/images/\(id)/members", body: #"{"member": "m"}"#)
        return path.replacing("ACTIVE", with: id)
    }

    /// `modify_task` decides about nothing that a request can do; the rest are parts of other rules.
    @Test func everyPolicyHasARow() {
        let helpers: Set<PolicyRule> = [
            .default, .contextIsAdmin, .serviceAPI, .metadefDefault, .metadefAdmin, .modifyTask,
        ]
        #expect(Set((Self.images + Self.others).map(\.rule)).union(helpers) == Set(PolicyRule.allCases))
    }
}
