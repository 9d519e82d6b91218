import Glibc
import Testing

@testable import Systemd

struct SystemdTests {
    /// What arrives at a datagram socket bound to `path` after `send`.
    private func received(at path: [UInt8], _ send: () -> Bool) -> String? {
        let receiver = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(receiver) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(receiver, $0, socklen_t(2 + path.count)) }
        }
        guard bound == 0, send() else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(receiver, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test(arguments: [true, false])
    func notifies(isAbstract: Bool) throws {
        let path = "/tmp/systemd-test-\(getpid())-\(isAbstract)"
        defer { unlink(path) }
        let notifier = try #require(
            ServiceNotifier(environment: ["NOTIFY_SOCKET": isAbstract ? "@" + path : path]))
        let text = received(at: isAbstract ? [0] + Array(path.utf8) : Array(path.utf8)) {
            notifier.send(
                .ready, .status("two\nlines"), .extendTimeout(microseconds: 5), .reloading(monotonicMicroseconds: 7))
        }
        #expect(text == "READY=1\nSTATUS=twolines\nEXTEND_TIMEOUT_USEC=5\nRELOADING=1\nMONOTONIC_USEC=7")
    }

    @Test func knowsWhenNobodyListens() throws {
        #expect(ServiceNotifier(environment: [:]) == nil)
        #expect(ServiceNotifier(environment: ["NOTIFY_SOCKET": "vsock:2:1"]) == nil)
        #expect(ServiceNotifier(environment: ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 108)]) == nil)
        let gone = try #require(ServiceNotifier(environment: ["NOTIFY_SOCKET": "/nonexistent/socket"]))
        #expect(!gone.send(.ready))
    }

    /// A service manager that hangs must not hang the service.
    @Test(.timeLimit(.minutes(1))) func givesUpWhenNobodyReads() throws {
        let path = "/tmp/unread-\(getpid()).socket"
        let silent = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer {
            close(silent)
            unlink(path)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(silent, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        let notifier = try #require(ServiceNotifier(environment: ["NOTIFY_SOCKET": path]))
        var taken = 0
        while notifier.send(.watchdog) { taken += 1 }
        #expect(taken > 0)
    }

    @Test func takesOnlyListeningSocketsThatAreMeantForUs() throws {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        listen(listening, 1)
        let plain = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // Numbers in a row where no other test of this process has any.
        let first = fcntl(listening, F_DUPFD, 900)
        try #require(fcntl(plain, F_DUPFD, first + 1) == first + 1)
        try #require(fcntl(listening, F_DUPFD, first + 2) == first + 2)
        defer { for number in [listening, plain, first, first + 1, first + 2] { close(number) } }
        var environment = ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "api:other"]
        #expect(
            ListenSocket.inherited(environment: environment, first: first) == [
                ListenSocket(name: "api", descriptor: first), ListenSocket(name: "unknown", descriptor: first + 2),
            ])
        #expect(fcntl(first, F_GETFD) == FD_CLOEXEC)
        environment["LISTEN_PID"] = "1"
        #expect(ListenSocket.inherited(environment: environment, first: first).isEmpty)
        for count in ["", "0", "-1", "99999999999", "x"] {
            let environment = ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": count]
            #expect(ListenSocket.inherited(environment: environment, first: first).isEmpty)
        }
    }

    @Test func watchdogInterval() {
        #expect(Watchdog.interval(environment: ["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(
            Watchdog.interval(environment: ["WATCHDOG_USEC": "1", "WATCHDOG_PID": "\(getpid())"]) == .microseconds(1))
        #expect(Watchdog.interval(environment: ["WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"]) == nil)
        #expect(Watchdog.interval(environment: ["WATCHDOG_USEC": "0"]) == nil)
        #expect(Watchdog.interval(environment: [:]) == nil)
    }
}
