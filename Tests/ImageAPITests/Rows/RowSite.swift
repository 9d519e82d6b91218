import Foundation
import HTTPTypes
import ImageModel
import JSON
import Testing

@testable import ImageAPI
@testable import ImageService

/// A service, and everybody whom the rows of the Images API tell apart.
struct RowSite: Sendable {
    let harness: ResourceHarness
    /// Of the project `ours`, which the images belong to.
    let owner: TestClient
    /// Of the project `theirs`.
    let stranger: TestClient
    let admin: TestClient
    /// Of the project `ours`, and may only look.
    let reader: TestClient
    /// Another service of the cloud.
    let service: TestClient

    init(_ options: String = "", isMultiStore: Bool = false) async throws {
        harness = try await ResourceHarness(options, multiStore: isMultiStore)
        owner = await harness.member(of: "ours")
        stranger = await harness.member(of: "theirs")
        admin = await harness.admin()
        reader = await harness.reader(of: "ours")
        service = await harness.serviceUser()
    }

    /// A queued image of `ours`, or of whoever else makes it.
    ///
    /// - Parameter attributes: further members of the body, each with a comma in front.
    func queued(_ attributes: String = "", by client: TestClient? = nil) async throws -> String {
        let body = #"{"disk_format": "raw", "container_format": "bare"\#(attributes)}"#
        return try #require(try await (client ?? owner).expect(201, .post, "/v2/images", body: body)["id"]?.stringValue)
    }

    /// An active image.
    func active(
        _ data: String = "0123456789", _ attributes: String = "", by client: TestClient? = nil
    ) async throws -> String {
        let id = try await queued(attributes, by: client)
        try await (client ?? owner).expect(204, .put, "/v2/images/\(id)/file", headers: .octets, body: data)
        return id
    }

    /// An image that its administrator has locked.
    func deactivated() async throws -> String {
        let id = try await active()
        try await admin.expect(204, .post, "/v2/images/\(id)/actions/deactivate")
        return id
    }

    /// An image of which both file stores have the data.
    func inTwoStores() async throws -> String {
        let id = try await active()
        let image = try #require(try await harness.service.database.images.find(id))
        var changed = image
        var copy = try #require(image.locations.first)
        try FileManager.default.copyItem(
            at: harness.directory.appending(path: "fast/\(id)"), to: harness.directory.appending(path: "slow/\(id)"))
        copy.id = nil
        copy.url.replace("/fast/", with: "/slow/")
        copy.metadata["store"] = .string("slow")
        changed.locations.append(copy)
        try await harness.service.save(changed, over: image)
        return id
    }

    /// An active image in any status, as a job or another node may have left it.
    func image(in status: ImageStatus) async throws -> String {
        let id = try await active()
        let image = try #require(try await harness.service.database.images.find(id))
        var changed = image
        changed.status = status
        try await harness.service.save(changed, over: image)
        return id
    }

    /// One attribute or property as the API shows it; nil where it is not there.
    func shown(_ name: String, of id: String) async throws -> JSONValue? {
        try await admin.expect(200, .get, "/v2/images/\(id)")[name]
    }

    /// Whether nothing of an upload has stayed: no bytes, no location, no size, no hash.
    func isEmptyAndQueued(_ id: String) async throws -> Bool {
        let image = try #require(try await harness.service.database.images.find(id))
        return image.status == .queued && image.locations.isEmpty && image.size == nil && image.checksum == nil
            && image.hashValue == nil && image.virtualSize == nil && storedFiles.isEmpty
    }

    /// Names of all files below the stores and the staging area.
    var storedFiles: [String] {
        ["images", "fast", "slow", "staging"].flatMap { store in
            let files = FileManager.default.enumerator(atPath: harness.directory.appending(path: store).path)
            return files?.compactMap { $0 as? String } ?? []
        }
    }
}

extension HTTPFields {
    /// What data must be sent as.
    static let octets: HTTPFields = [.contentType: "application/octet-stream"]
    /// What changes are sent as.
    static let patch: HTTPFields = [.contentType: "application/openstack-images-v2.1-json-patch"]
    /// As version 2.0 wrote them.
    static let oldPatch: HTTPFields = [.contentType: "application/openstack-images-v2.0-json-patch"]
}

extension TestClient {
    /// Sends a request and expects a status.
    @discardableResult
    func expect(
        _ status: Int, _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], body: String? = nil,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let answer = try await send(method, path, headers: headers, body: body)
        #expect(
            answer.status == status, "\(method) \(path) \(body ?? ""): \(answer.status) \(answer.body)",
            sourceLocation: location)
        return answer
    }

    /// Changes an image by one list of operations.
    @discardableResult
    func patch(
        _ status: Int, _ id: String, _ operations: String, headers: HTTPFields = .patch,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        try await expect(
            status, .patch, "/v2/images/\(id)", headers: headers, body: "[\(operations)]", at: location)
    }
}

extension TestClient.Answer {
    /// A member of the body, where that is a JSON object.
    subscript(name: String) -> JSONValue? { try? members[name] }

    /// One member of each element of a list, as text.
    func texts(_ list: String, _ name: String) -> [String] {
        self[list]?.arrayValue?.compactMap { $0[name]?.stringValue } ?? []
    }
}
