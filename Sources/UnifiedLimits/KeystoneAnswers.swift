// Answers of Keystone as far as limits need them (Identity API v3, "Unified limits", "Service catalog and endpoints",
// "Projects").

/// A list that may be cut short: `truncated` is how Keystone says so, `next` how it may say so one day.
protocol Page: Decodable {
    var truncated: Bool? { get }
    var links: PageLinks? { get }
}

struct PageLinks: Decodable {
    var next: String?
}

struct ModelAnswer: Decodable {
    var model: Model

    struct Model: Decodable {
        var name: String
    }
}

struct RegisteredLimits: Page {
    var registeredLimits: [Limit]
    var truncated: Bool?
    var links: PageLinks?

    private enum CodingKeys: String, CodingKey {
        case registeredLimits = "registered_limits"
        case truncated, links
    }

    struct Limit: Decodable {
        var resourceName: String
        var regionID: String?
        var defaultLimit: Int64

        private enum CodingKeys: String, CodingKey {
            case resourceName = "resource_name"
            case regionID = "region_id"
            case defaultLimit = "default_limit"
        }
    }
}

struct Limits: Page {
    var limits: [Limit]
    var truncated: Bool?
    var links: PageLinks?

    struct Limit: Decodable {
        var resourceName: String
        var regionID: String?
        var projectID: String?
        var domainID: String?
        var resourceLimit: Int64

        private enum CodingKeys: String, CodingKey {
            case resourceName = "resource_name"
            case regionID = "region_id"
            case projectID = "project_id"
            case domainID = "domain_id"
            case resourceLimit = "resource_limit"
        }
    }
}

struct Projects: Page {
    var projects: [Project]
    var truncated: Bool?
    var links: PageLinks?

    struct Project: Decodable {
        var id: String
        var domainID: String

        private enum CodingKeys: String, CodingKey {
            case id
            case domainID = "domain_id"
        }
    }
}

struct ProjectAnswer: Decodable {
    var project: Projects.Project
}

struct Services: Page {
    var services: [Service]
    var truncated: Bool?
    var links: PageLinks?

    struct Service: Decodable {
        var id: String
    }
}

struct Endpoint: Decodable {
    var serviceID: String
    var regionID: String?

    private enum CodingKeys: String, CodingKey {
        case serviceID = "service_id"
        case regionID = "region_id"
    }
}

struct EndpointAnswer: Decodable {
    var endpoint: Endpoint
}

struct Endpoints: Page {
    var endpoints: [Endpoint]
    var truncated: Bool?
    var links: PageLinks?
}
