import ImageStore
import Synchronization
import XML

/// What a login gives: the session, and the objects that calls are made on.
struct VSphereLogin: Sendable, Equatable {
    /// As the server wants it back, `vmware_soap_session=…`. Never logged.
    let cookie: String
    let service: ServiceContent

    /// The server's objects of which there is one each.
    struct ServiceContent: Sendable, Equatable {
        let sessionManager: ManagedObject
        let propertyCollector: ManagedObject
        let searchIndex: ManagedObject
        let fileManager: ManagedObject

        init?(_ content: XMLElement?) {
            guard let sessionManager = ManagedObject(content?["sessionManager"]),
                let propertyCollector = ManagedObject(content?["propertyCollector"]),
                let searchIndex = ManagedObject(content?["searchIndex"]),
                let fileManager = ManagedObject(content?["fileManager"])
            else { return nil }
            self.sessionManager = sessionManager
            self.propertyCollector = propertyCollector
            self.searchIndex = searchIndex
            self.fileManager = fileManager
        }
    }
}

/// The one session of a store, made when it is first needed and made again when the server has ended it. However many calls
/// find that out, there is one login.
actor VSphereSession {
    typealias Outcome = Result<VSphereLogin, VSphereError>

    private var current: VSphereLogin?
    private var running: Task<Outcome, Never>?

    /// The session's login.
    ///
    /// - Parameters:
    ///   - refused: a login whose session the server does not know any more.
    ///   - make: logs in.
    func login(
        insteadOf refused: VSphereLogin? = nil, _ make: @escaping @Sendable () async -> Outcome
    ) async throws(VSphereError) -> VSphereLogin {
        if let current, current != refused { return current }
        let task = running ?? Task { await make() }
        running = task
        let outcome = await task.value
        if running == task {
            running = nil
            current = try? outcome.get()
        }
        return try outcome.get()
    }

    /// Forgets the session, and returns it so that it can be ended.
    func end() -> VSphereLogin? {
        defer { current = nil }
        return current
    }
}
