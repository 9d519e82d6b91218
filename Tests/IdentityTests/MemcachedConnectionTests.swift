import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Identity

/// The client of memcached: with a real one, and with servers that answer what no memcached does.
@Suite(.timeLimit(.minutes(2))) struct MemcachedConnectionTests {
    private typealias Failure = MemcachedConnection.Failure

    /// Runs what blocks on a thread that may.
    private func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await NIOThreadPool.singleton.runIfActive(work)
    }

    @Test(arguments: [false, true]) func entriesComeBackAsTheyWere(isBinary: Bool) async throws {
        try await withServer("memcached") { memcached in
            let server = try MemcachedSettings.Server(memcached.setting("MEMCACHED_SERVERS"))
            try await blocking {
                let settings = MemcachedSettings(servers: [server])
                let connection = try MemcachedConnection(server, settings: settings, isBinary: isBinary)
                #expect(try connection.value(for: "absent") == nil)
                let large = (0..<900_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                for value in [[], Array("x\r\nEND\r\n".utf8), large] {
                    try connection.set(value, for: "key", lifetime: 60)
                    #expect(try connection.value(for: "key") == value)
                }
                // Larger than memcached takes, and larger than anybody may store.
                try connection.set([UInt8](repeating: 1, count: 2 << 20), for: "large", lifetime: 60)
                try connection.set(
                    [UInt8](repeating: 1, count: MemcachedConnection.largestValue + 1), for: "large", lifetime: 60)
                #expect(try connection.value(for: "large") == nil)
                #expect(try connection.value(for: "key") == large)
                #expect(connection.isQuiet)
                // Another protocol, the same entry.
                let other = try MemcachedConnection(server, settings: settings, isBinary: !isBinary)
                #expect(try other.value(for: "key") == large)
            }
        }
    }

    @Test func aRestartedServerIsNoFailure() async throws {
        try await withServer("memcached") { memcached in
            let server = try MemcachedSettings.Server(memcached.setting("MEMCACHED_SERVERS"))
            let recorder = EventRecorder()
            let pool = MemcachedServer(server, settings: MemcachedSettings(servers: [server]), logger: recorder.logger)
            @Sendable func isStored() -> Bool {
                pool.with { connection throws(Failure) in
                    try connection.set([1], for: "k", lifetime: 60)
                    return true
                } ?? false
            }
            #expect(try await blocking(isStored))
            try await memcached.stop()
            try await memcached.start()
            #expect(try await blocking(isStored))
            #expect(recorder.entries.isEmpty)
        }
    }

    /// `KEY` stands for the key that was asked for.
    @Test(arguments: [
        "VALUE KEY 0 -1\r\nx\r\nEND\r\n", "VALUE KEY 0 -2\r\nx\r\nEND\r\n", "VALUE KEY 0 +1\r\nx\r\nEND\r\n",
        "VALUE KEY 0 18446744073709551615\r\nx\r\nEND\r\n", "VALUE KEY 0 99999999999999999999\r\nx\r\nEND\r\n",
        "VALUE KEY 0 9223372036854775807\r\nx\r\nEND\r\n", "VALUE KEY 0 1073741824\r\nx\r\nEND\r\n",
        "VALUE KEY 0 \r\nx\r\nEND\r\n", "VALUE KEY 0 2\r\nx\r\nEND\r\n", "VALUE KEY 0 0\r\nx\r\nEND\r\n",
        "VALUE KEY 0 1\r\nx\r\nEN", "VALUE KEY 0 1\r\nx\r\nVALUE KEY 0 1\r\nx\r\nEND\r\n",
        "VALUE other 0 1\r\nx\r\nEND\r\n",
        "VALUE KEY\r\n", "VALUE KEY 0 100\r\nx", "VALUE KEY 0 16000000\r\nx", "END\n", "\r\n", "\n", "", "STORED\r\n",
        "ERROR\r\n", "SERVER_ERROR \u{1B}[31mout of memory\r\n", "CLIENT_ERROR bad\r\n",
        String(repeating: "x", count: 2_000), String(repeating: "x", count: 2_000) + "\r\n",
    ])
    func anImpossibleAnswerIsAFailure(answer: String) async throws {
        let server = try await HostileServer.start { request in
            let key = request.split(separator: " ").dropFirst().first.map { $0.filter { !$0.isNewline } } ?? ""
            return Array(answer.replacing("KEY", with: key).utf8)
        }
        let address = server.address
        // An answer without an end comes to one by the connection's.
        let failure = try await blocking {
            let connection = try MemcachedConnection(address, settings: MemcachedSettings(servers: [address]))
            return #expect(throws: Failure.self) { try connection.value(for: "k") }
        }
        #expect(failure?.reason.unicodeScalars.allSatisfy { $0.value >= 0x20 } == true)
        try await server.stop()
    }

    @Test(arguments: ["", "STORE", "STORED\n", "VALUE k 0 1\r\n", "ERROR\r\n"])
    func anImpossibleAnswerToAnEntryIsAFailure(answer: String) async throws {
        let server = try await HostileServer.start { _ in Array(answer.utf8) }
        let address = server.address
        try await blocking {
            let connection = try MemcachedConnection(address, settings: MemcachedSettings(servers: [address]))
            #expect(throws: Failure.self) { try connection.set([1], for: "k", lifetime: 60) }
        }
        try await server.stop()
    }

    /// Heads of 24 bytes: magic, operation, lengths of key, extras and all.
    @Test(arguments: [
        Self.head(magic: 0x80), Self.head(operation: 1), Self.head(key: 5, all: 4), Self.head(extras: 5, all: 4),
        Self.head(all: 0xFFFF_FFFF), Self.head(all: 0x8000_0000), Self.head(all: 100), Self.head(status: 0x81),
        Array(Self.head(all: 0).dropLast()), [],
    ])
    func anImpossibleBinaryAnswerIsAFailure(answer: [UInt8]) async throws {
        let server = try await HostileServer.start { _ in answer }
        let address = server.address
        try await blocking {
            let connection = try MemcachedConnection(
                address, settings: MemcachedSettings(servers: [address]), isBinary: true)
            #expect(throws: Failure.self) { try connection.value(for: "k") }
        }
        try await server.stop()
    }

    private static func head(
        magic: UInt8 = 0x81, operation: UInt8 = 0, key: UInt8 = 0, extras: UInt8 = 0, status: UInt8 = 0, all: UInt32 = 0
    ) -> [UInt8] {
        let length = (0..<4).reversed().map { UInt8(truncatingIfNeeded: all >> (8 * $0)) }
        return [magic, operation, 0, key, extras, 0, 0, status] + length + [UInt8](repeating: 0, count: 12)
    }

    @Test(arguments: [true, false]) func saslComesFirst(isAccepted: Bool) async throws {
        let server = try await HostileServer.start(staysOpen: true) { request in
            // The first byte is no text.
            if request.unicodeScalars.dropFirst().first == "!" {
                let isRight = request.hasSuffix("PLAIN\0glance\0secret")
                return Self.head(operation: 0x21, status: isRight && isAccepted ? 0 : 0x20)
            }
            // An entry has its flags before it.
            return Self.head(extras: 4, all: 6) + [0, 0, 0, 0] + Array("ok".utf8)
        }
        let address = server.address
        let result = try await blocking {
            var settings = MemcachedSettings(servers: [address])
            settings.sasl = .init(user: "glance", password: "secret")
            return Result { try MemcachedConnection(address, settings: settings).value(for: "k") }
        }
        if isAccepted {
            #expect(try result.get() == Array("ok".utf8))
        } else {
            let failure = #expect(throws: Failure.self) { try result.get() }
            #expect(
                failure?.reason.contains("memcache_username") == true && failure?.reason.contains("secret") == false)
        }
        try await server.stop()
    }

    /// A byte now and then is not an answer in time.
    @Test(arguments: ["V", "VALUE k 0 1000000\r\n"]) func aTricklingAnswerEndsInTime(beginning: String) async throws {
        let server = try await HostileServer.start(tricklesOn: true) { _ in Array(beginning.utf8) }
        let address = server.address
        try await blocking {
            let connection = try MemcachedConnection(
                address, settings: MemcachedSettings(servers: [address], socketTimeout: 1))
            // Without a deadline for the whole, it would not end at all.
            let failure = #expect(throws: Failure.self) { try connection.value(for: "k") }
            #expect(failure?.reason.contains("in time") == true)
        }
        try await server.stop()
    }
}
