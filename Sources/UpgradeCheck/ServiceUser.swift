import Glibc

/// Whom the permissions of files and directories have to let in: the user glance when root asks and there is one,
/// otherwise whoever asks.
struct ServiceUser: Sendable, Equatable {
    var name: String
    var id: uid_t
    var groups: Set<gid_t>

    static var current: ServiceUser {
        let own = geteuid()
        if own == 0, let entry = getpwnam("glance") { return ServiceUser(entry.pointee) }
        if let entry = getpwuid(own) { return ServiceUser(entry.pointee) }
        return ServiceUser(name: "\(own)", id: own, groups: [getegid()])
    }

    init(name: String, id: uid_t, groups: Set<gid_t>) {
        self.name = name
        self.id = id
        self.groups = groups
    }

    private init(_ entry: passwd) {
        var groups = [gid_t](repeating: 0, count: 256)
        var count = Int32(groups.count)
        let isComplete = getgrouplist(entry.pw_name, entry.pw_gid, &groups, &count) >= 0
        self.init(
            name: String(cString: entry.pw_name), id: entry.pw_uid,
            groups: isComplete ? Set(groups.prefix(Int(count))) : [entry.pw_gid])
    }

    /// Whether the mode bits let the user make files in a directory.
    func canWrite(inDirectory status: stat) -> Bool {
        if id == 0 { return true }
        let needed: mode_t = S_IWOTH | S_IXOTH
        let shift = status.st_uid == id ? 6 : groups.contains(status.st_gid) ? 3 : 0
        return status.st_mode >> shift & needed == needed
    }
}
