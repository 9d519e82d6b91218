import HTTPTypes
import Hummingbird

/// oslo's filter `cors` (the W3C recommendation of 2014, sections 6.1 and 6.2). It also answers every `OPTIONS`.
struct CORSStage: PipelineStage {
    let policy: CORSPolicy

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        if request.method == .options {
            var response = Response(status: .ok, headers: [.contentLength: "0"])
            if let origin = request.headers[.origin], let (allowed, rules) = policy.rules(for: origin) {
                preflight(request, allowed, rules, &response.headers)
            }
            return response
        }
        var response = try await next(request, context)
        guard let origin = request.headers[.origin], let (allowed, rules) = policy.rules(for: origin) else {
            return response
        }
        response.headers[.vary] = response.headers[.vary].map { "\($0),Origin" } ?? "Origin"
        response.headers[.accessControlAllowOrigin] = allowed
        if rules.allowsCredentials { response.headers[.accessControlAllowCredentials] = "true" }
        if !rules.exposedHeaders.isEmpty {
            response.headers[.accessControlExposeHeaders] = rules.exposedHeaders.joined(separator: ",")
        }
        return response
    }

    private func preflight(_ request: Request, _ origin: String, _ rules: CORSPolicy.Rules, _ headers: inout HTTPFields)
    {
        guard let method = request.headers[.accessControlRequestMethod], rules.methods.contains(method) else { return }
        let requested = (request.headers[.accessControlRequestHeaders] ?? "").split(separator: ",").compactMap { name in
            let name = name.filter { $0 != " " && $0 != "\t" }
            return name.isEmpty ? nil : name
        }
        guard requested.allSatisfy({ rules.headers.contains($0.lowercased()) }) else { return }
        headers[.vary] = "Origin"
        headers[.accessControlAllowOrigin] = origin
        if rules.allowsCredentials { headers[.accessControlAllowCredentials] = "true" }
        if rules.maximumAge > 0 { headers[.accessControlMaxAge] = String(rules.maximumAge) }
        headers[.accessControlAllowMethods] = method
        if !requested.isEmpty { headers[.accessControlAllowHeaders] = requested.joined(separator: ",") }
    }
}
