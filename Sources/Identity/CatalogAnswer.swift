/// The catalog in an answer about a token.
///
/// Source: Identity API v3, "Authentication and token management", catalog.
struct CatalogAnswer: Decodable {
    var token: Token

    struct Token: Decodable {
        /// Missing when the token has no scope.
        var catalog: [Service]?
    }

    struct Service: Decodable {
        var type: String
        var name: String?
        var endpoints: [Endpoint]
    }

    struct Endpoint: Decodable {
        var interface: String
        var url: String
        var region: String?
    }
}
