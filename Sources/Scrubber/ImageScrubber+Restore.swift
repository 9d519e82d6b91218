import Events
import ImageDatabase
public import ImageModel
import ImageStore
import Logging

/// Why an image cannot be brought back. The description is one line for the operator.
public enum RestoreError: Error, Sendable, CustomStringConvertible {
    case notFound(String)
    case wrongStatus(ImageStatus)
    /// A scrubber works on the image; or one that has died, on another host, may have.
    case beingScrubbed(host: String, pid: Int32)
    case dataGone
    /// Whether the data are there cannot be told.
    case dataUnknown(String)
    case database(String)

    public var description: String {
        switch self {
        case .notFound(let id): "No image found with ID \(id)"
        case .wrongStatus(let status):
            "cannot restore the image from \(status.rawValue) to active (wanted from_state=pending_delete)"
        case .beingScrubbed(let host, let pid):
            "cannot restore the image: a scrubber has begun to remove its data (process \(pid) of \(host)). A claim that "
                + "a crash has left ends by itself within \(ProcessLease.length / 60) minutes where a scrubber runs"
        case .dataGone: "cannot restore the image: its data have been removed already"
        case .dataUnknown(let reason): "cannot restore the image: its data could not be looked for: \(reason)"
        case .database(let text): text
        }
    }
}

extension ImageScrubber {
    /// Brings an image back from `pending_delete` with everything that was deleted with it.
    ///
    /// The claim keeps scrubbers away while the stores are asked whether the data are still there. Of several locations
    /// those are restored whose data are.
    func restore(_ id: String) async throws(RestoreError) {
        let restore = try await claim(id)
        let present: [Int64]
        do throws(RestoreError) {
            present = try await presentLocations(of: restore)
            if present.isEmpty { throw .dataGone }
            let gone = restore.locations.compactMap(\.id).filter { !present.contains($0) }
            do throws(DatabaseError) {
                try await database.scrubs.restore(restore, present: present, gone: gone)
            } catch {
                throw error == .conflict
                    ? .beingScrubbed(host: restore.claim.process.host, pid: restore.claim.process.pid)
                    : .database(error.adviceAtStart)
            }
        } catch {
            // Should this fail too, the claim of this process, which is about to end, is swept.
            try? await database.scrubs.end(restore.claim)
            throw error
        }
        logger.log(
            .imageRestored, "Image has been restored",
            metadata: ["image_id": "\(id)", "locations": "\(present.count)"])
    }

    private func claim(_ id: String) async throws(RestoreError) -> ClaimedRestore {
        while true {
            do throws(RestoreRefusal) {
                return try await database.scrubs.claimRestore(of: id, by: process)
            } catch {
                switch error {
                case .notFound: throw .notFound(id)
                case .status(let status): throw .wrongStatus(status)
                case .database(let error): throw .database(error.adviceAtStart)
                case .claimed(let claim):
                    // Only a death that can be seen counts here: a process that was merely held could go on to delete.
                    guard claim.process.isAlive(seenBy: process) == false else {
                        throw .beingScrubbed(host: claim.process.host, pid: claim.process.pid)
                    }
                    do throws(DatabaseError) {
                        try await database.scrubs.endDead(claim)
                    } catch {
                        throw .database(error.adviceAtStart)
                    }
                }
            }
        }
    }

    private func presentLocations(of restore: ClaimedRestore) async throws(RestoreError) -> [Int64] {
        var present: [Int64] = []
        for location in restore.locations {
            guard let row = location.id else { continue }
            guard let store = stores.store(for: location) else {
                throw .dataUnknown("no configured store holds a location of store \(location.storeID ?? "")")
            }
            do throws(StoreError) {
                // What we cannot remove is where it was.
                if !store.isReadOnly { _ = try await store.size(of: location, context: .service) }
                present.append(row)
            } catch {
                guard error == .notFound else { throw .dataUnknown("store \(store.id): \(error)") }
            }
        }
        return present
    }
}
