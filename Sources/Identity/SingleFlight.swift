import Synchronization

/// Lets everybody who asks for the same thing at the same time wait for one answer.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let flights = Mutex<[Key: Task<Result<Value, IdentityError>, Never>]>([:])

    /// The result of `work`, or of the work for the same key that is under way. It isn't cancelled with a caller.
    func run(
        _ key: Key, _ work: @escaping @Sendable () async throws(IdentityError) -> Value
    ) async throws(IdentityError) -> Value {
        let flight = flights.withLock { flights in
            if let flight = flights[key] { return flight }
            let flight = Task.detached { [self] in
                let result: Result<Value, IdentityError>
                do throws(IdentityError) {
                    result = .success(try await work())
                } catch {
                    result = .failure(error)
                }
                self.flights.withLock { $0[key] = nil }
                return result
            }
            flights[key] = flight
            return flight
        }
        return try await flight.value.get()
    }
}
