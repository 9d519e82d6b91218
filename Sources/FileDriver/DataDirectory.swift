import Glibc
import ImageStore

/// What is done to a data directory as a whole. All methods block.
struct DataDirectory {
    let path: String

    /// Whether images can be written into the directory, or could be once it is made.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` for a path that is something else than a directory;
    ///   ``StoreError/permissionDenied(_:)`` and ``StoreError/backend(_:)`` for what an operator or a mount can change
    ///   while we wait.
    func check() throws(StoreError) {
        var status = stat()
        if stat(path, &status) != 0 {
            if errno == ENOENT { return }
            throw StoreError(errno: errno, "cannot look at \(path)")
        }
        try requireDirectory(status, path)
        guard access(path, W_OK | X_OK) == 0 else { throw StoreError(errno: errno, "cannot write in \(path)") }
    }

    /// Creates the directory where it is missing, and tries what the driver relies on.
    ///
    /// - Throws: as ``check()``; ``StoreError/badConfiguration(_:)`` also for a filesystem without hard links.
    func prepare(filePermissions: mode_t?) throws(StoreError) {
        try create(path)
        try check()
        try tryLinks()
        if let filePermissions { openWay(to: filePermissions) }
    }

    private func requireDirectory(_ status: stat, _ path: String) throws(StoreError) {
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .badConfiguration("\(path) is not a directory") }
    }

    /// A complete upload has two names until its end is recorded; see ``UploadedFile``.
    private func tryLinks() throws(StoreError) {
        let trial = PartName(trialOf: getpid())
        let (one, other) = ("\(path)/\(trial.text(.part))", "\(path)/\(trial.text(.gone))")
        defer {
            unlink(one)
            unlink(other)
        }
        let descriptor = try SystemCall.check("cannot write in \(path)") {
            open(one, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        }
        close(descriptor)
        if link(one, other) != 0, errno != EEXIST {
            throw .badConfiguration(
                "the filesystem of \(path) has no hard links, which the file store needs: \(String(cString: strerror(errno)))"
            )
        }
    }

    private func create(_ path: String) throws(StoreError) {
        var status = stat()
        if stat(path, &status) == 0 {
            return try requireDirectory(status, path)
        }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try create(String(path[..<slash])) }
        // Another process may have been faster.
        try SystemCall.check("cannot create \(path)") { mkdir(path, 0o777) == 0 || errno == EEXIST ? 0 : -1 }
    }

    /// Lets the group and others, where the files' mode gives them something, pass through the directory. Files remain
    /// usable for us if that is not possible.
    private func openWay(to filePermissions: mode_t) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        var mode = status.st_mode & 0o7777
        if filePermissions & S_IRWXG != 0 { mode |= S_IXGRP }
        if filePermissions & S_IRWXO != 0 { mode |= S_IXOTH }
        if mode != status.st_mode & 0o7777 { chmod(path, mode) }
    }

    /// Bytes that a process without privileges can still write.
    func freeSpace() throws(StoreError) -> Int64 {
        var status = statvfs()
        try SystemCall.check("cannot ask for the free space of a data directory") { statvfs(path, &status) }
        let (bytes, isOverflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return isOverflow ? .max : Int64(clamping: bytes)
    }

    func contains(_ name: String) -> Bool {
        access("\(path)/\(name)", F_OK) == 0
    }

    /// Tells a directory that is away from one in which there is nothing.
    private func requirePresence() throws(StoreError) {
        var status = stat()
        try SystemCall.check("cannot open the data directory") { stat(path, &status) }
    }

    /// Removes what an upload has left that did not come to its end; see ``UploadedFile``.
    func discard(_ name: PartName, context: StoreContext) throws(StoreError) {
        try requirePresence()
        try UploadedFile.discard(name, in: path, context: context)
    }

    /// Removes what lies under an image's final name and is nobody's; see ``UploadedFile``.
    func discardForeign(imageID: String, minimumAge: Duration, context: StoreContext) throws(StoreError) {
        try requirePresence()
        try UploadedFile.discardForeign(imageID: imageID, in: path, minimumAge: minimumAge, context: context)
    }

    /// Removes what an upload has beside its final name.
    func settle(_ name: PartName) throws(StoreError) {
        try requirePresence()
        for stage in [PartName.Stage.part, .gone] {
            try SystemCall.check("cannot remove an upload's temporary name") {
                unlink("\(path)/\(name.text(stage))") == 0 || errno == ENOENT ? 0 : -1
            }
        }
    }

    /// The uploads whose writer is dead: nobody holds their lock, and for `minimumAge` nobody has written to them. And those
    /// that have their final name, whatever their age: only the record tells whether they still need the temporary one.
    func leftovers(minimumAge: Duration) throws(StoreError) -> [AbandonedUpload] {
        guard let listing = opendir(path) else { throw StoreError(errno: errno, "cannot list a data directory") }
        defer { closedir(listing) }
        var found: [AbandonedUpload] = []
        while let entry = readdir(listing) {
            let text = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    String(cString: $0)
                }
            }
            guard let name = PartName(text: text), let size = sizeIfDead(text, minimumAge: minimumAge) else { continue }
            found.append(AbandonedUpload(name.upload, size: size))
        }
        return found
    }

    private func sizeIfDead(_ name: String, minimumAge: Duration) -> Int64? {
        let file = "\(path)/\(name)"
        var status = stat()
        guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        if status.st_nlink > 1 { return Int64(status.st_size) }
        // Locks of network filesystems want a descriptor open for writing.
        let descriptor = open(file, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { return nil }
        var now = timespec()
        guard fstat(descriptor, &status) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0 else { return nil }
        let age = Duration.seconds(now.tv_sec - status.st_mtim.tv_sec)
        return age >= minimumAge ? Int64(status.st_size) : nil
    }
}
