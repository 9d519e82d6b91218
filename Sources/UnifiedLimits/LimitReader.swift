import FoundationEssentials
import Identity
import ImageDatabase
import JSON
import OsloConfig
import TextCoding

/// Reads the limits of an image service from Keystone: all of them in a handful of requests whatever the number of
/// projects, or those of some projects.
///
/// Source: Identity API v3, "Unified limits"; oslo.limit for how the image service's endpoint says which limits are its own.
struct LimitReader: Sendable {
    /// How the endpoint of the image service is found.
    enum EndpointReference: Sendable, Equatable {
        case id(String)
        case service(type: String?, name: String?, region: String?, interface: String)
    }

    /// Whose limits count.
    struct Service: Sendable, Equatable {
        var id: String
        var region: String?

        /// Whether a limit of that region is one of this service.
        func contains(_ limit: String?) -> Bool { region == nil || region == limit }
    }

    /// One look at Keystone.
    struct Reading: Sendable, Equatable {
        var mirror: LimitMirror
        var service: Service
        /// Resources that are registered, but for another region or none.
        var elsewhere: Set<LimitedResource>
    }

    /// One line for the operator; never holds a secret.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let session: KeystoneSession
    let endpoint: EndpointReference

    func read() async throws -> Reading {
        let service = try await service()
        let model: ModelAnswer = try await get("/limits/model")
        let registered = try await list(
            "/registered_limits?service_id=\(PercentEncoding.encode(service.id))", \RegisteredLimits.registeredLimits)
        let own = try await list("/limits?service_id=\(PercentEncoding.encode(service.id))", \Limits.limits)

        var mirror = LimitMirror(model: model.model.name)
        var elsewhere: Set<LimitedResource> = []
        for limit in registered {
            guard let resource = LimitedResource(rawValue: limit.resourceName) else { continue }
            if service.contains(limit.regionID) {
                mirror.defaults[resource] = Self.bounded(limit.defaultLimit)
            } else {
                elsewhere.insert(resource)
            }
        }
        for limit in own where service.contains(limit.regionID) { mirror.insert(limit) }
        if try Self.isTwoLevel(mirror.model) {
            // A domain is the first level, its projects are the second, and there is no third.
            for project in try await list("/projects", \Projects.projects) {
                mirror.roots[project.id] = project.domainID
            }
        }
        return Reading(mirror: mirror, service: service, elsewhere: elsewhere.subtracting(mirror.defaults.keys))
    }

    /// The part of the mirror that counts for some projects, with one small request for each and one for what is registered,
    /// side by side.
    ///
    /// - Parameters:
    ///   - service: what ``service()`` has found.
    ///   - model: Keystone's enforcement model, which changes with its configuration only.
    ///   - roots: domains of projects as far as they are known. A project never changes its domain.
    func read(
        _ projects: [String], of service: Service, model: String, roots: [String: String]
    ) async throws -> LimitMirror {
        let isTwoLevel = try Self.isTwoLevel(model)
        return try await withThrowingTaskGroup(of: LimitMirror.self) { group in
            group.addTask {
                var part = LimitMirror(model: model)
                let path = "/registered_limits?service_id=\(PercentEncoding.encode(service.id))"
                for limit in try await list(path, \RegisteredLimits.registeredLimits)
                where service.contains(limit.regionID) {
                    guard let resource = LimitedResource(rawValue: limit.resourceName) else { continue }
                    part.defaults[resource] = Self.bounded(limit.defaultLimit)
                }
                return part
            }
            for project in projects {
                group.addTask { try await own("project_id", project, service, model) }
            }
            if isTwoLevel {
                let unknown = projects.filter { roots[$0] == nil }
                var domains: [String: String] = [:]
                for project in projects { domains[project] = roots[project] }
                for project in unknown { domains[project] = try await domain(of: project) }
                for domain in Set(domains.values) {
                    group.addTask { try await own("domain_id", domain, service, model) }
                }
                let found = domains
                group.addTask { LimitMirror(model: model, roots: found) }
            }
            return try await group.reduce(into: LimitMirror(model: model)) { mirror, part in
                mirror.defaults.merge(part.defaults) { $1 }
                mirror.own.merge(part.own) { $1 }
                mirror.roots.merge(part.roots) { $1 }
            }
        }
    }

    /// The limits of one project or domain alone.
    private func own(_ key: String, _ id: String, _ service: Service, _ model: String) async throws -> LimitMirror {
        var part = LimitMirror(model: model)
        let path = "/limits?service_id=\(PercentEncoding.encode(service.id))&\(key)=\(PercentEncoding.encode(id))"
        let answer = try await session.get(path)
        // Nothing in Keystone can have such an id, whoever wrote it into an image.
        if answer.status == 400 { return part }
        for limit in try Self.items(Self.decoded(answer, path), path, \Limits.limits)
        where service.contains(limit.regionID) {
            // Whatever else the list may hold.
            guard (key == "project_id" ? limit.projectID : limit.domainID) == id else { continue }
            part.insert(limit)
        }
        return part
    }

    /// Nil when Keystone has no such project.
    private func domain(of project: String) async throws -> String? {
        let path = "/projects/\(PercentEncoding.encode(project))"
        let answer = try await session.get(path)
        if [400, 404].contains(answer.status) { return nil }
        let decoded: ProjectAnswer = try Self.decoded(answer, path)
        return decoded.project.domainID
    }

    /// Whether projects share their domain's limits.
    private static func isTwoLevel(_ model: String) throws -> Bool {
        switch model {
        case "flat": return false
        case "strict_two_level": return true
        default: throw Failure(description: "Keystone's enforcement model \"\(model)\" is not known here")
        }
    }

    /// Beyond this, a limit in MiB would be more bytes than a number can hold.
    fileprivate static func bounded(_ limit: Int64) -> Int64 { min(limit, 1 << 42) }

    // MARK: The image service

    /// Whose limits count: found in Keystone by what `[oslo_limit]` says.
    func service() async throws -> Service {
        switch endpoint {
        case .id(let id):
            let answer: EndpointAnswer = try await get(
                "/endpoints/\(PercentEncoding.encode(id))",
                missing: "[oslo_limit] endpoint_id: Keystone has no endpoint \(id)")
            return Service(id: answer.endpoint.serviceID, region: answer.endpoint.regionID)
        case .service(let type, let name, let region, let interface):
            let service = try await soleService(type: type, name: name)
            var path =
                "/endpoints?service_id=\(PercentEncoding.encode(service))&interface=\(PercentEncoding.encode(interface))"
            if let region { path += "&region_id=\(PercentEncoding.encode(region))" }
            let endpoints = try await list(path, \Endpoints.endpoints)
            guard endpoints.count == 1 else {
                let place = region.map { " in region \($0)" } ?? ""
                throw Failure(
                    description:
                        "[oslo_limit] endpoint: the image service has \(endpoints.count) \(interface) endpoints\(place); "
                        + "set endpoint_id, or endpoint_region_name and endpoint_interface so that it is one")
            }
            return Service(id: service, region: endpoints[0].regionID)
        }
    }

    private func soleService(type: String?, name: String?) async throws -> String {
        let query = [("type", type), ("name", name)].compactMap { key, value in
            value.map { "\(key)=\(PercentEncoding.encode($0))" }
        }
        let services = try await list("/services?" + query.joined(separator: "&"), \Services.services)
        guard services.count == 1 else {
            throw Failure(
                description:
                    "[oslo_limit] endpoint_service_type, endpoint_service_name: Keystone has \(services.count) such services"
            )
        }
        return services[0].id
    }

    // MARK: Requests

    private func get<Answer: Decodable>(_ path: String, missing: String? = nil) async throws -> Answer {
        try Self.decoded(try await session.get(path), path, missing: missing)
    }

    private static func decoded<Answer: Decodable>(
        _ answer: KeystoneSession.Answer, _ path: String, missing: String? = nil
    ) throws -> Answer {
        let what = path.prefix { $0 != "?" }
        switch answer.status {
        case 200: break
        case 404 where missing != nil: throw Failure(description: missing ?? "")
        case 401, 403:
            throw Failure(
                description: "Keystone does not allow the user of [oslo_limit] to read \(what): \(answer.status)")
        default: throw Failure(description: "Keystone answered \(answer.status) to \(what)")
        }
        do {
            return try JSONValue.parse(answer.body).decode(Answer.self)
        } catch {
            throw Failure(description: "Keystone's answer to \(what) cannot be read")
        }
    }

    /// All items of a list. A list that Keystone has cut short is an error: what is missing from it would look deleted.
    private func list<Answer: Page, Item>(
        _ path: String, _ items: (Answer) -> [Item]
    ) async throws -> [Item] {
        try Self.items(try await get(path), path, items)
    }

    private static func items<Answer: Page, Item>(
        _ answer: Answer, _ path: String, _ items: (Answer) -> [Item]
    ) throws -> [Item] {
        if answer.truncated == true || answer.links?.next != nil {
            throw Failure(
                description:
                    "Keystone's list of \(path.prefix { $0 != "?" }) is cut short; raise list_limit in keystone.conf")
        }
        return items(answer)
    }
}

extension LimitMirror {
    /// A limit of a project or a domain. What is none of ours is left out.
    fileprivate mutating func insert(_ limit: Limits.Limit) {
        guard let resource = LimitedResource(rawValue: limit.resourceName),
            let scope = limit.projectID ?? limit.domainID
        else { return }
        own[Scope(id: scope, resource: resource)] = LimitReader.bounded(limit.resourceLimit)
    }
}

extension LimitReader.EndpointReference {
    /// What `[oslo_limit]` says.
    ///
    /// - Throws: `IdentityError.badConfiguration` when it says nothing.
    init(_ configuration: Configuration) throws(IdentityError) {
        typealias Limits = Options.OsloLimit
        if let id = configuration[Limits.endpointId], !id.isEmpty {
            self = .id(id)
            return
        }
        let (type, name) = (configuration[Limits.endpointServiceType], configuration[Limits.endpointServiceName])
        guard type != nil || name != nil else {
            throw .badConfiguration(
                "[oslo_limit] endpoint_id isn't set: the id of the image service's endpoint (or set endpoint_service_type "
                    + "and endpoint_region_name)")
        }
        self = .service(
            type: type, name: name, region: configuration[Limits.endpointRegionName],
            interface: configuration[Limits.endpointInterface].replacing("URL", with: ""))
    }
}
