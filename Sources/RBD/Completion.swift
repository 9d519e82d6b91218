import Glibc

/// A call of librbd that ends later, on one of its threads.
final class Completion {
    private let library: CephLibrary
    private let done: (Int) -> Void

    private init(_ library: CephLibrary, _ done: @escaping (Int) -> Void) {
        self.library = library
        self.done = done
    }

    /// - Parameters:
    ///   - start: begins the call with a completion.
    ///   - done: gets what it returns, once. Must not block.
    static func start(
        _ library: CephLibrary, _ start: (CephLibrary.Handle) -> Int32, done: @escaping @Sendable (Int) -> Void
    ) {
        let context = Unmanaged.passRetained(Completion(library, done)).toOpaque()
        var created: CephLibrary.Handle?
        let status = library.createCompletion(context, called, &created)
        guard status >= 0, let completion = created else {
            Unmanaged<Completion>.fromOpaque(context).release()
            return done(Int(min(status, -1)))
        }
        let started = start(completion)
        // Then the callback will not come.
        if started < 0 {
            library.releaseCompletion(completion)
            Unmanaged<Completion>.fromOpaque(context).release()
            done(Int(started))
        }
    }

    private static let called: CephLibrary.Callback = { completion, context in
        guard let completion, let context else { return }
        let ended = Unmanaged<Completion>.fromOpaque(context).takeRetainedValue()
        let value = ended.library.completionValue(completion)
        ended.library.releaseCompletion(completion)
        ended.done(value)
    }
}
