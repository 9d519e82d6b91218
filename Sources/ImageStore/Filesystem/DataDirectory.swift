import Glibc

/// What is done to a data directory as a whole. All methods block.
struct DataDirectory {
    let path: String

    /// Creates the directory where it is missing, and checks that images can be written into it.
    func prepare(filePermissions: mode_t?) throws(StoreError) {
        do throws(StoreError) {
            try create(path)
        } catch {
            throw .badConfiguration(error.text ?? "cannot create \(path): \(error)")
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw .badConfiguration("cannot write in \(path): \(String(cString: strerror(errno)))")
        }
        if let filePermissions { openWay(to: filePermissions) }
    }

    private func create(_ path: String) throws(StoreError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw .backend("\(path) is not a directory") }
            return
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

    /// Removes files by name, durably.
    func remove(_ names: [String]) throws(StoreError) {
        var isChanged = false
        for name in names {
            if unlink("\(path)/\(name)") == 0 {
                isChanged = true
            } else if errno != ENOENT {
                throw StoreError(errno: errno, "cannot remove an image's file")
            }
        }
        if isChanged { try SystemCall.sync(directory: path) }
    }

    /// Removes the unfinished files whose writer is dead: nobody holds their lock, and for `minimumAge` nobody has
    /// written to them.
    func sweep(minimumAge: Duration) throws(StoreError) -> [AbandonedUpload] {
        guard let listing = opendir(path) else { throw StoreError(errno: errno, "cannot list a data directory") }
        defer { closedir(listing) }
        var found: [AbandonedUpload] = []
        while let entry = readdir(listing) {
            let text = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    String(cString: $0)
                }
            }
            guard let name = PartName(text: text) else { continue }
            if let size = removeIfDead(text, minimumAge: minimumAge) {
                found.append(AbandonedUpload(imageID: name.imageID, uploadID: name.uploadID, size: size))
            }
        }
        if !found.isEmpty { try SystemCall.sync(directory: path) }
        return found
    }

    /// - Returns: the file's size if it was removed.
    private func removeIfDead(_ name: String, minimumAge: Duration) -> Int64? {
        let file = "\(path)/\(name)"
        // Locks of network filesystems want a descriptor open for writing.
        let descriptor = open(file, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { return nil }
        var status = stat()
        var now = timespec()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            clock_gettime(CLOCK_REALTIME, &now) == 0
        else { return nil }
        let age = Duration.seconds(now.tv_sec - status.st_mtim.tv_sec)
        guard age >= minimumAge, unlink(file) == 0 else { return nil }
        return Int64(status.st_size)
    }
}
