public import Scoreboard

extension StartFailure {
    /// Why a process can't start with its stores.
    public init(_ error: StoreError) {
        if case .badConfiguration = error {
            self.init(.badStoreConfiguration, error.adviceAtStart)
        } else {
            self.init(.storeUnavailable, error.adviceAtStart)
        }
    }
}
