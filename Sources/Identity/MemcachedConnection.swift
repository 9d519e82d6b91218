/// One connection to one memcached: what a cache of tokens needs of it, and no more. It blocks, so it belongs to a thread
/// that may; one thread at a time. Whatever the server says, no answer makes it take more memory than the largest value,
/// or more time than the socket's time-out.
///
/// Source: memcached's own `doc/protocol.txt`.
final class MemcachedConnection {
    /// Bytes of a value: an answer of Keystone, which is never larger, and what is put around it.
    static let largestValue = (16 << 20) + 4096
    /// Bytes of a line: an entry's key, of 250 bytes at most, and three numbers.
    private static let longestLine = 1024

    private var socket: MemcachedSocket
    private let timeout: Duration
    /// Who authenticates has to speak the binary protocol, which memcached has no SASL without.
    private let isBinary: Bool

    /// The connection broke, never came about, or says what cannot be; it is of no use any more.
    struct Failure: Error {
        var reason: String
    }

    /// Connects, and authenticates where it is set up.
    convenience init(_ server: MemcachedSettings.Server, settings: MemcachedSettings) throws(Failure) {
        try self.init(server, settings: settings, isBinary: settings.sasl != nil)
        if let sasl = settings.sasl {
            try binary { exchange throws(Failure) in try exchange.authenticate(sasl) }
        }
    }

    /// - Parameter isBinary: speaks the binary protocol, without authentication.
    init(_ server: MemcachedSettings.Server, settings: MemcachedSettings, isBinary: Bool) throws(Failure) {
        timeout = .seconds(settings.socketTimeout)
        socket = try MemcachedSocket(server, deadline: .now + timeout)
        self.isBinary = isBinary
    }

    /// Whether it is still there as it was left.
    var isQuiet: Bool { socket.isQuiet }

    /// nil when there is no such entry.
    func value(for key: String) throws(Failure) -> [UInt8]? {
        if isBinary { return try binary { exchange throws(Failure) in try exchange.value(for: key) } }
        socket.begin(.now + timeout)
        try socket.send(Array("get \(key)\r\n".utf8))
        let head = try line()
        if head == "END" { return nil }
        let words = head.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 4 || words.count == 5, words[0] == "VALUE", words[1] == key else { throw refusal(head) }
        let count = try Self.length(words[3])
        let value = try socket.bytes(count)
        guard try socket.bytes(2) == Array("\r\n".utf8), try line() == "END" else {
            throw Failure(reason: "a value is not as long as it says")
        }
        return value
    }

    /// A value that is too large for the server, or for ``largestValue``, is not stored, which says nothing against the
    /// connection.
    ///
    /// - Parameter lifetime: seconds, at most thirty days, since memcached takes more for a date.
    func set(_ value: [UInt8], for key: String, lifetime: Int) throws(Failure) {
        guard value.count <= Self.largestValue else { return }
        if isBinary {
            return try binary { exchange throws(Failure) in
                try exchange.set(value, for: key, lifetime: lifetime)
            }
        }
        socket.begin(.now + timeout)
        try socket.send(Array("set \(key) 0 \(lifetime) \(value.count)\r\n".utf8) + value + Array("\r\n".utf8))
        let answer = try line()
        switch answer {
        case "STORED", "SERVER_ERROR object too large for cache": break
        default: throw refusal(answer)
        }
    }

    private func line() throws(Failure) -> String {
        String(decoding: try socket.line(most: Self.longestLine), as: UTF8.self)
    }

    /// Digits alone: no sign, and no more than may be.
    private static func length(_ text: Substring) throws(Failure) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int(text),
            count <= largestValue
        else { throw Failure(reason: "an impossible length") }
        return count
    }

    /// Its errors are for people; anything else is not to be trusted in a log.
    private func refusal(_ answer: String) -> Failure {
        for word in ["ERROR", "CLIENT_ERROR", "SERVER_ERROR"] where answer == word || answer.hasPrefix(word + " ") {
            let text = answer.unicodeScalars.prefix(100).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }
            return Failure(reason: String(String.UnicodeScalarView(text)))
        }
        return Failure(reason: "its answer is not memcached's")
    }

    private func binary<Result>(
        _ work: (inout MemcachedBinaryExchange) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        socket.begin(.now + timeout)
        var exchange = MemcachedBinaryExchange { [self] bytes throws(Failure) in
            try socket.send(bytes)
        } receive: { [self] count throws(Failure) in
            try socket.bytes(count)
        }
        return try work(&exchange)
    }
}
