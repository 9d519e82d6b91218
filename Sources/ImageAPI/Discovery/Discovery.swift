import Hummingbird
import ImageModel
import ImageService

/// `/v2/info/…` (Images API v2, "Image discovery").
struct Discovery: Sendable {
    let service: ImageService
    /// `enabled_import_methods` that there are.
    let importMethods: [String]

    var routes: [Route] {
        [
            Route(.get, "/v2/info/import", body: .rejected, handler: importMethods),
            Route(.get, "/v2/info/stores", body: .rejected, handler: stores),
            Route(.get, "/v2/info/stores/detail", body: .rejected, handler: storeDetails),
            Route(.get, "/v2/info/usage", handler: usage),
        ]
    }

    @Sendable private func importMethods(_ request: Request, _ context: APIContext) -> Response {
        .json { writer in
            writer.object { writer in
                writer.field("import-methods") { writer in
                    writer.object { writer in
                        writer.field("description", "Import methods available.")
                        writer.field("type", "array")
                        writer.field("value") { $0.array(importMethods) }
                    }
                }
            }
        }
    }

    @Sendable private func stores(_ request: Request, _ context: APIContext) throws -> Response {
        try requireMultiStore()
        return list(withDetails: false)
    }

    @Sendable private func storeDetails(_ request: Request, _ context: APIContext) async throws -> Response {
        try requireMultiStore()
        try await service.authorizeStoreDetails(for: context.caller)
        return list(withDetails: true)
    }

    /// Unified limits and the usage of the caller's project; without them the answer is empty. Sizes are in MiB, usage
    /// rounded down.
    @Sendable private func usage(_ request: Request, _ context: APIContext) async throws -> Response {
        let usages = try await service.usage(for: context.caller)
        return .json { writer in
            writer.object { writer in
                writer.field("usage") { writer in
                    writer.object { writer in
                        for usage in usages {
                            writer.field(usage.resource.rawValue) { writer in
                                writer.object { writer in
                                    writer.field("limit", usage.limit)
                                    writer.field("usage", usage.usedUnits)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func requireMultiStore() throws(APIError) {
        guard service.stores.isMultiStore else {
            throw APIError(.notFound, "This site has a single store; enabled_backends is not set.")
        }
    }

    private func list(withDetails: Bool) -> Response {
        let registry = service.stores
        return .json { writer in
            writer.object { writer in
                writer.field("stores") { writer in
                    writer.array { writer in
                        for store in registry.stores {
                            writer.object { writer in
                                writer.field("id", store.id)
                                if let description = store.description { writer.field("description", description) }
                                // The two marks are strings, and only there when they are true.
                                if store.id == registry.defaultStore.id { writer.field("default", "true") }
                                if store.isReadOnly { writer.field("read-only", "true") }
                                guard withDetails else { return }
                                writer.field("type", store.type)
                                writer.field("weight", store.weight)
                                writer.field("properties", .object(store.properties))
                            }
                        }
                    }
                }
            }
        }
    }
}
