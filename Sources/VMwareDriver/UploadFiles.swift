import ImageStore

/// The files of one upload in one datastore, and the order in which they change.
///
/// A datastore has no second names for a file, so what an upload has put under an image's name cannot be told by looking at
/// it. Beside the data lies an empty file whose name is the state instead (``UploadName/Stage``), and each step is a rename, which
/// succeeds for one and fails for all others. A commit first takes `open` to `moving`, then `part` to the image's name. A
/// discard first removes `open`, after which no commit can begin; if there is `moving`, it takes `part` to `dropped`, and if
/// that is not there any more, the image's name to `gone`, and looks whether `moving` is still there: only then were the data
/// this upload's.
struct UploadFiles: Sendable {
    let folder: DatastoreFolder
    let name: UploadName

    private var final: String { name.upload.imageID }

    /// Marks the upload as begun.
    func begin() async throws(StoreError) {
        do throws(VSphereError) {
            try await folder.put(name.file(.open), .bytes(.init()))
        } catch {
            guard error.storeError == .notFound else { throw error.storeError }
            // A datastore that was away at the start, or a directory that somebody has removed.
            try await translating { () async throws(VSphereError) in
                try await folder.make()
                try await folder.put(name.file(.open), .bytes(.init()))
            }
        }
    }

    /// Gives the data their final name.
    ///
    /// - Throws: ``StoreError/duplicate`` when it is taken.
    func commit(size: Int64) async throws(StoreError) {
        try await rename(.open, to: name.file(.moving))
        try await rename(.part, to: final, size: size)
    }

    /// Renames, and where the answer is lost looks what has come of it: nobody else makes `moving`, or takes `part` to a
    /// name that is not taken yet.
    private func rename(_ stage: UploadName.Stage, to other: String, size: Int64? = nil) async throws(StoreError) {
        do throws(VSphereError) {
            try await folder.move(name.file(stage), to: other)
        } catch {
            if error.storeError == .notFound { throw .backend("the upload has been discarded by somebody else") }
            guard error.isUncertain else { throw error.storeError }
            let found = try await translating { () async throws(VSphereError) in
                try await folder.search([name.pattern, other])
            }
            let moving = found.contains { $0.name == name.file(.moving) }
            let isThere = found.contains { $0.name == other && (size == nil || $0.size == size) }
            guard moving, isThere, !found.contains(where: { $0.name == name.file(stage) }) else {
                throw error.storeError
            }
        }
    }

    /// Removes what the upload has left, and nothing else.
    func discard(context: StoreContext) async throws(StoreError) {
        for _ in 0..<5 {
            let stages = try await stages()
            guard !stages.isEmpty else { return }
            if stages.contains(.open) {
                try context.requireTime()
                // Who comes first, the commit or we?
                guard try await remove(.open) else { continue }
            }
            guard stages.contains(.moving) else {
                for stage in [UploadName.Stage.part, .dropped, .gone] where stages.contains(stage) {
                    try context.requireTime()
                    try await remove(stage)
                }
                return
            }
            if stages.isDisjoint(with: [.dropped, .gone]) { try await takeAway(context) }
            for stage in [UploadName.Stage.moving, .dropped, .gone] {
                try context.requireTime()
                try await remove(stage)
            }
            return
        }
        throw .inUse("the upload is being discarded by somebody else")
    }

    /// Takes the data of a complete upload from whichever name they have.
    private func takeAway(_ context: StoreContext) async throws(StoreError) {
        try context.requireTime()
        do throws(VSphereError) {
            return try await folder.move(name.file(.part), to: name.file(.dropped))
        } catch {
            guard error.storeError == .notFound else { throw error.storeError }
        }
        try context.requireTime()
        do throws(VSphereError) {
            try await folder.move(final, to: name.file(.gone))
        } catch {
            switch error.storeError {
            case .notFound: return
            case .duplicate: throw .inUse("the upload is being discarded by somebody else")
            case let other: throw other
            }
        }
        guard try await !stages().contains(.moving) else { return }
        // Somebody else has discarded the upload since we looked, and the data are a newer one's.
        try await translating { () async throws(VSphereError) in
            try await folder.move(name.file(.gone), to: final)
        }
        throw .inUse("the upload has been discarded by somebody else")
    }

    /// Removes the names of the upload that are not the image's.
    ///
    /// - Returns: whether there was anything.
    func settle() async throws(StoreError) -> Bool {
        // The usual end of an upload, without a search.
        if try await remove(.moving) { return true }
        let stages = try await stages()
        for stage in UploadName.Stage.allCases where stages.contains(stage) { try await remove(stage) }
        return !stages.isEmpty
    }

    func removePart() async throws(StoreError) -> Bool { try await remove(.part) }

    private func stages() async throws(StoreError) -> Set<UploadName.Stage> {
        let entries = try await translating { () async throws(VSphereError) in
            try await folder.search([name.pattern])
        }
        return Set(entries.compactMap { UploadName.stage(ofFile: $0.name) })
    }

    @discardableResult
    private func remove(_ stage: UploadName.Stage) async throws(StoreError) -> Bool {
        try await translating { () async throws(VSphereError) in
            try await folder.removeIfPresent(name.file(stage))
        }
    }
}

/// Runs calls whose errors are those of a store.
func translating<Value>(_ body: () async throws(VSphereError) -> Value) async throws(StoreError) -> Value {
    do throws(VSphereError) {
        return try await body()
    } catch {
        throw error.storeError
    }
}
