import NIOPosix
import Synchronization

/// Runs what computes for long or waits for disks and processes, on threads of its own.
enum PluginThreads {
    private static let threads = NIOThreadPool._makePerpetualStartedPool(
        numberOfThreads: 16, threadNamePrefix: "plugin-")

    /// Whether the task that waits for the work has been cancelled.
    final class Watch: Sendable {
        private let cancelled = Atomic<Bool>(false)

        var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

        func cancel() { cancelled.store(true, ordering: .relaxed) }

        /// - Throws: ``ImportPluginError/cancelled``.
        func check() throws(ImportPluginError) {
            if isCancelled { throw .cancelled }
        }
    }

    /// - Parameter work: has to look at the watch now and then.
    static func run<Value: Sendable>(
        _ work: @escaping @Sendable (Watch) throws(ImportPluginError) -> Value
    ) async throws(ImportPluginError) -> Value {
        let watch = Watch()
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Outcome<Value>, Never>) in
                threads.submit { _ in
                    do throws(ImportPluginError) {
                        try watch.check()
                        continuation.resume(returning: .success(try work(watch)))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
        } onCancel: {
            watch.cancel()
        }.get()
    }

    private typealias Outcome<Value> = Result<Value, ImportPluginError>
}
