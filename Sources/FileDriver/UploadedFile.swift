import CLinux
import Glibc
import ImageStore

/// An upload's file by its identity, whatever names it has: what makes a discard remove its own data and no others.
///
/// The temporary name stays beside the final one until the upload's end is recorded. So the file under the temporary name
/// tells whether the one under the final name is the same. All methods block.
struct UploadedFile {
    let directory: String
    let name: PartName
    /// Open for as long as this value is used, so that the file's number is not given to another one.
    let descriptor: Int32

    private func path(_ stage: PartName.Stage) -> String { "\(directory)/\(name.text(stage))" }
    private var finalPath: String { "\(directory)/\(name.upload.imageID)" }

    /// Gives the file its final name, beside the temporary one, and makes that durable. Never replaces.
    ///
    /// - Throws: ``StoreError/duplicate`` when another file has the name.
    func publish() throws(StoreError) {
        // A network filesystem may repeat a call that has succeeded (link(2)).
        if link(path(.part), finalPath) != 0, errno != EEXIST || !isFinal {
            if errno == EEXIST { throw .duplicate }
            throw StoreError(errno: errno, "cannot give the image's file its name")
        }
        try SystemCall.sync(directory: directory)
    }

    /// Whether the file under the final name is this one. Keeps `errno`.
    private var isFinal: Bool {
        let number = errno
        defer { errno = number }
        return Self.isSame(finalPath, descriptor)
    }

    private static func isSame(_ path: String, _ descriptor: Int32) -> Bool {
        var (named, opened) = (stat(), stat())
        guard lstat(path, &named) == 0, fstat(descriptor, &opened) == 0 else { return false }
        return named.st_dev == opened.st_dev && named.st_ino == opened.st_ino
    }

    /// Removes all names of the file, durably.
    ///
    /// First the temporary name becomes another one, which ends what a writer could still do with it. Between looking at
    /// the final name and removing it nobody else can have removed it, because that takes the lock, and so nobody can have
    /// put another file there, because that never replaces.
    ///
    /// - Throws: ``StoreError/inUse(_:)`` while somebody else does the same.
    func discard(context: StoreContext) throws(StoreError) {
        // Filesystems without such locks, and files that are not writable to us, go without.
        if clinux_lock_description(descriptor) != 0, errno == EAGAIN || errno == EACCES {
            throw .inUse("the upload is being discarded by somebody else")
        }
        try context.requireTime()
        if rename(path(.part), path(.gone)) != 0, errno != ENOENT {
            throw StoreError(errno: errno, "cannot remove an image's file")
        }
        if isFinal {
            try context.requireTime()
            try SystemCall.check("cannot remove an image's file") { unlink(finalPath) == 0 || errno == ENOENT ? 0 : -1 }
            // Before the name goes that tells whose it was.
            try SystemCall.sync(directory: directory)
        }
        if Self.isSame(path(.gone), descriptor) { unlink(path(.gone)) }
    }
}

extension UploadedFile {
    /// Removes what an upload has left in a directory, if there is anything.
    static func discard(_ name: PartName, in directory: String, context: StoreContext) throws(StoreError) {
        // A discard that was killed has left the second one; that of another process may just be renaming.
        for stage in [PartName.Stage.part, .gone, .part] {
            guard let descriptor = try open("\(directory)/\(name.text(stage))") else { continue }
            defer { close(descriptor) }
            try UploadedFile(directory: directory, name: name, descriptor: descriptor).discard(context: context)
        }
    }

    /// Removes a file under an image's final name that has no other name, and that nobody has written to for a while.
    static func discardForeign(
        imageID: String, in directory: String, minimumAge: Duration, context: StoreContext
    ) throws(StoreError) {
        let path = "\(directory)/\(imageID)"
        guard let descriptor = try open(path) else { return }
        defer { close(descriptor) }
        if clinux_lock_description(descriptor) != 0, errno == EAGAIN || errno == EACCES {
            throw .inUse("the image's file is being removed by somebody else")
        }
        var (status, now) = (stat(), timespec())
        guard fstat(descriptor, &status) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0 else {
            throw StoreError(errno: errno, "cannot look at an image's file")
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1,
            Duration.seconds(now.tv_sec - status.st_mtim.tv_sec) >= minimumAge, isSame(path, descriptor)
        else { return }
        try context.requireTime()
        try SystemCall.check("cannot remove an image's file") { unlink(path) == 0 || errno == ENOENT ? 0 : -1 }
        try SystemCall.sync(directory: directory)
    }

    private static func open(_ path: String) throws(StoreError) -> Int32? {
        // Only a descriptor for writing can hold the lock; one for reading still tells the identity.
        for flags in [O_RDWR, O_RDONLY] {
            let descriptor = Glibc.open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            if descriptor >= 0 { return descriptor }
            if errno == ENOENT { return nil }
        }
        throw StoreError(errno: errno, "cannot open an image's file")
    }
}
