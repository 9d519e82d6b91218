public import Authorization

extension ImageService {
    /// Throws unless the caller may see the details of stores (`GET /v2/info/stores/detail`).
    public func authorizeStoreDetails(for caller: Caller) async throws {
        try await authorization.enforce(.storesInfoDetail, for: caller)
    }
}
