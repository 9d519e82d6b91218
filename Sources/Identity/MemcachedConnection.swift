import CMemcached

/// One connection to one memcached. It blocks, so it belongs to a thread that may; one thread at a time.
///
/// Source: the manual pages of libmemcached.
final class MemcachedConnection {
    /// Bytes; memcached takes no larger ones, however it is set up.
    private static let largestValue = 1 << 30

    private let handle: UnsafeMutablePointer<memcached_st>

    /// The connection broke or never came about; it is of no use any more.
    struct Failure: Error {
        var reason: String
    }

    /// Connects at the first use.
    init(_ server: MemcachedSettings.Server, settings: MemcachedSettings) throws(Failure) {
        guard let handle = memcached_create(nil) else { throw Failure(reason: "out of memory") }
        self.handle = handle
        let milliseconds = UInt64(settings.socketTimeout) * 1000
        memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_TCP_NODELAY, 1)
        memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, milliseconds)
        memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, milliseconds)
        memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_SND_TIMEOUT, milliseconds * 1000)
        memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_RCV_TIMEOUT, milliseconds * 1000)
        if let sasl = settings.sasl {
            memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_BINARY_PROTOCOL, 1)
            try check(memcached_set_sasl_auth_data(handle, sasl.user, sasl.password))
        }
        try check(
            server.port == 0
                ? memcached_server_add_unix_socket(handle, server.host)
                : memcached_server_add(handle, server.host, server.port))
    }

    deinit { memcached_free(handle) }

    /// nil when there is no such entry.
    func value(for key: String) throws(Failure) -> [UInt8]? {
        var count = 0
        var flags: UInt32 = 0
        var result = MEMCACHED_SUCCESS
        let value = memcached_get(handle, key, key.utf8.count, &count, &flags, &result)
        defer { free(value) }
        if result == MEMCACHED_NOTFOUND { return nil }
        try check(result)
        guard let value else { return [] }
        // libmemcached believes a server that says "-1".
        guard (0...Self.largestValue).contains(count) else { throw Failure(reason: "an impossible length") }
        return Array(UnsafeRawBufferPointer(start: value, count: count))
    }

    /// - Parameter lifetime: seconds, at most thirty days, since memcached takes more for a date.
    func set(_ value: [UInt8], for key: String, lifetime: Int) throws(Failure) {
        let result = value.withUnsafeBytes { bytes in
            memcached_set(
                handle, key, key.utf8.count, bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count,
                lifetime, 0)
        }
        // Too large an entry says nothing against the connection.
        if result != MEMCACHED_E2BIG { try check(result) }
    }

    private func check(_ result: memcached_return_t) throws(Failure) {
        guard result != MEMCACHED_SUCCESS else { return }
        throw Failure(
            reason: memcached_strerror(handle, result).map { String(cString: $0) } ?? "error \(result.rawValue)")
    }
}
