import Glibc
import Scoreboard

/// What a supervisor leaves to the program that takes its process over (USR2), besides the open descriptors: lines in an
/// environment variable.
///
/// The two programs may be of different versions. Lines with unknown names are skipped; no line may ever change its
/// meaning.
struct Handover: Equatable {
    static let variable = "GLANCE_API_HANDOVER"

    var socket: Int32
    var wake: Int32
    var scoreboard: Int32
    /// The configuration of the children that serve; see ``SealedConfiguration``.
    var configuration: Int32?
    /// `Scoreboard.layout` of the program that has made it.
    var layout: String
    /// Whether the socket is the service manager's.
    var isInherited: Bool
    var settings: SupervisorSettings
    var places: [Generation.Place]
    var retired: [Child]
    /// Children of roles that this program does not have.
    private(set) var strangers: [pid_t] = []

    var text: String {
        var lines = [
            "process \(getpid())", "socket \(socket)", "wake \(wake)", "scoreboard \(scoreboard)", "layout \(layout)",
            "inherited \(isInherited)", "host \(settings.bindHost)", "port \(settings.bindPort)",
            "backlog \(settings.backlog)", "workers \(settings.workers)",
            "heartbeat \(settings.heartbeatLimit.nanoseconds)", "start \(settings.startLimit.nanoseconds)",
        ]
        if let configuration { lines.append("configuration \(configuration)") }
        if let drain = settings.drainTimeout { lines.append("drain \(drain.nanoseconds)") }
        lines += settings.services.map { "service \($0.rawValue)" }
        lines += places.map { place in
            "place \(place.role.rawValue) \(place.slot)" + (place.child.map { " \($0.process) \($0.started)" } ?? "")
        }
        lines += retired.map { child in
            "retired \(child.role.rawValue) \(child.slot) \(child.process) \(child.started)"
                + (child.deadline.map { " \($0)" } ?? "")
        }
        return lines.joined(separator: "\n")
    }

    /// - Returns: `nil` when nothing was left to this very process.
    init?(environment: [String: String]) {
        guard let text = environment[Self.variable] else { return nil }
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        func values(_ name: String) -> [[String]] { lines.filter { $0.first == name }.map { Array($0.dropFirst()) } }
        func value(_ name: String) -> String? { values(name).first?.first }
        func number<Number: FixedWidthInteger>(_ name: String) -> Number? { value(name).flatMap { Number($0) } }

        guard number("process") == getpid(), let socket: Int32 = number("socket"), let wake: Int32 = number("wake"),
            let scoreboard: Int32 = number("scoreboard"),
            [socket, wake, scoreboard].allSatisfy({ fcntl($0, F_GETFD) >= 0 })
        else { return nil }
        (self.socket, self.wake, self.scoreboard) = (socket, wake, scoreboard)
        configuration = (number("configuration") as Int32?).flatMap { fcntl($0, F_GETFD) >= 0 ? $0 : nil }
        layout = value("layout") ?? ""
        isInherited = value("inherited") == "true"
        var settings = SupervisorSettings()
        if let host = value("host") { settings.bindHost = host }
        settings.bindPort = number("port") ?? settings.bindPort
        settings.backlog = number("backlog") ?? settings.backlog
        settings.workers = number("workers") ?? settings.workers
        settings.services = values("service").compactMap { $0.first.flatMap(ProcessRole.init) }
        settings.drainTimeout = number("drain").map { .nanoseconds($0 as Int64) }
        if let limit: Int64 = number("heartbeat") { settings.heartbeatLimit = .nanoseconds(limit) }
        if let limit: Int64 = number("start") { settings.startLimit = .nanoseconds(limit) }
        self.settings = settings
        places = values("place").compactMap { words in
            guard words.count >= 2, let slot = Int(words[1]), let role = ProcessRole(rawValue: words[0]) else {
                return nil
            }
            return Generation.Place(role: role, slot: slot, child: Child(words))
        }
        strangers = (values("place") + values("retired")).compactMap { words in
            guard words.count >= 3, ProcessRole(rawValue: words[0]) == nil, let process = pid_t(words[2]), process > 1
            else { return nil }
            return process
        }
        retired = values("retired").compactMap { Child($0) }
    }
}

extension Handover {
    init(
        socket: Int32, wake: Int32, scoreboard: Int32, layout: String, isInherited: Bool, generation: Generation,
        retired: [Child]
    ) {
        self.socket = socket
        self.wake = wake
        self.scoreboard = scoreboard
        configuration = generation.configuration
        self.layout = layout
        self.isInherited = isInherited
        settings = generation.settings
        places = generation.places
        self.retired = retired
    }

    /// What this process must keep open.
    var descriptors: [Int32] { [socket, wake, scoreboard] + [configuration].compactMap { $0 } }
}

extension Child {
    /// Reads role, slot, process, start and perhaps a deadline.
    fileprivate init?(_ words: [String]) {
        guard words.count >= 4, let slot = Int(words[1]), let process = pid_t(words[2]), process > 1,
            let started = Int64(words[3]), let role = ProcessRole(rawValue: words[0])
        else { return nil }
        self.init(
            process: process, role: role, slot: slot, started: started,
            deadline: words.count > 4 ? Int64(words[4]) : nil)
    }
}
