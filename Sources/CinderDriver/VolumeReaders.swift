import ImageStore
import Synchronization

/// The volumes that this process reads. Readers of one volume share its attachment: a volume whose type has no multi-attach can
/// be attached once.
final class VolumeReaders: Sendable {
    private struct Entry {
        let connection: Task<Result<ConnectedVolume, StoreError>, Never>
        var readers = 0
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let patience: Duration

    /// - Parameter patience: how long it is tried to give a volume back.
    init(patience: Duration) { self.patience = patience }

    /// The volume, open for reading. Whoever gets it calls ``release(_:)`` when done, or after a failure.
    func open(_ volume: Volume, _ volumes: Volumes) async throws(StoreError) -> ConnectedVolume {
        let connection = entries.withLock { entries in
            var entry =
                entries[volume.id]
                ?? Entry(
                    connection: Task { () async -> Result<ConnectedVolume, StoreError> in
                        do throws(StoreError) {
                            return .success(try await ConnectedVolume.attach(volume, .reading, volumes))
                        } catch {
                            return .failure(error)
                        }
                    })
            entry.readers += 1
            entries[volume.id] = entry
            return entry.connection
        }
        let result = await connection.value
        if case .failure = result { await release(volume.id) }
        return try result.get()
    }

    /// A reader is done.
    func release(_ id: String) async {
        let last: Task<Result<ConnectedVolume, StoreError>, Never>? = entries.withLock { entries in
            entries[id]?.readers -= 1
            guard entries[id]?.readers == 0 else { return nil }
            return entries.removeValue(forKey: id)?.connection
        }
        guard let last, case .success(let connection) = await last.value else { return }
        await connection.content.close()
        // Cinder may be away for a while, and nobody else can know that this process has ended the attachment.
        let end = ContinuousClock.now + patience
        var pause = Duration.milliseconds(500)
        while ContinuousClock.now < end {
            do throws(StoreError) {
                return try await connection.giveBack()
            } catch .permissionDenied {
                // A user's token that has expired will not get better.
                return
            } catch {}
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(10))
        }
    }

    /// Gives all volumes back.
    func shutdown() async {
        let all = entries.withLock { entries in
            defer { entries = [:] }
            return entries.values.map(\.connection)
        }
        for connection in all { try? await connection.value.get().detach() }
    }
}
