/// The options of a mount.
enum MountOptions {
    /// What Cinder may ask for: how the mount works, never which server it is, what may be done with it, or for whom.
    private static let allowed: Set<String> = [
        "vers", "nfsvers", "minorversion", "v3", "v4", "proto", "tcp", "rdma", "rsize", "wsize", "timeo", "retrans",
        "hard", "soft", "softerr", "intr", "nointr", "nconnect", "max_connect", "sec", "lookupcache", "nolock", "lock",
        "local_lock", "ac", "noac", "actimeo", "acregmin", "acregmax", "acdirmin", "acdirmax", "sync", "async",
        "noatime",
        "nodiratime", "relatime", "resvport", "noresvport", "rdirplus", "nordirplus", "sharecache", "nosharecache",
        "cto",
        "nocto", "bg", "fg", "rw", "nosuid", "nodev", "noexec", "_netdev", "defaults",
    ]
    /// Of those, what has no meaning here, or is said anyhow.
    private static let dropped: Set<String> = ["bg", "fg", "rw", "nosuid", "nodev", "noexec", "_netdev", "defaults"]
    /// At the end, where they win.
    private static let always = ["rw", "nosuid", "nodev", "noexec"]

    /// The whole text of a mount's options.
    ///
    /// - Parameters:
    ///   - listed: those of the list of exports. If there are any, no others count.
    ///   - asked: those that the service asks for.
    static func text(listed: String, asked: String) throws(MountRefusal) -> String {
        let options = try listed.isEmpty ? checked(asked) : listed.split(separator: ",").map(String.init)
        // One that fails is tried again by who wants it, not here.
        let retry = options.contains { $0.hasPrefix("retry=") } ? [] : ["retry=0"]
        return (options + retry + always).joined(separator: ",")
    }

    private static func checked(_ text: String) throws(MountRefusal) -> [String] {
        var options: [String] = []
        for option in text.split(separator: ",") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            let isPlain =
                parts.count == 1
                || (1...64).contains(parts[1].utf8.count)
                    && parts[1].utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                            UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "_"):
                            true
                        default: false
                        }
                    }
            guard isPlain, allowed.contains(name) || name.hasPrefix("v4.") && name.count == 4 else {
                throw MountRefusal(
                    .options,
                    "the mount option \(name.prefix(40)) is not one that Cinder may ask for; if it is needed, put all "
                        + "options behind the export in the list")
            }
            if !dropped.contains(name) { options.append(String(option)) }
        }
        return options
    }
}
