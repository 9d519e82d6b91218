import Glibc
import HTTPServer
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Synchronization

struct TestContext: InitializableFromRequestSource {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?

    init(source: HTTPRequestSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.remoteAddress
    }
}

typealias TestHandler = @Sendable (Request, TestContext) async throws -> Response

/// A listener on a free port of 127.0.0.1.
struct TestServer: Sendable {
    let port: Int
    let listener: HTTPListener<CallbackResponder<TestContext>>
    let socket: Int32

    /// Runs `body` against a server that answers with `handler`, and ends the server.
    static func run<Value: Sendable>(
        options: HTTPListenerOptions = HTTPListenerOptions(),
        renderRefusal: @escaping RefusalRenderer = { ("text/plain", "\($0.reason)\n") },
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        beforeAnswers: @escaping @Sendable () -> Void = {},
        _ handler: @escaping TestHandler,
        _ body: @Sendable (TestServer) async throws -> Value
    ) async throws -> Value {
        let (socket, port) = try listeningSocket()
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        let server = TestServer(
            port: port,
            listener: HTTPListener(
                socket: socket, options: options, responder: CallbackResponder(callback: handler),
                eventLoopGroup: eventLoopGroup, logger: logger, renderRefusal: renderRefusal,
                beforeAnswers: beforeAnswers),
            socket: socket)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.listener.run() }
            let value = try await body(server)
            group.cancelAll()
            return value
        }
    }

    func connect() throws -> RawClient { try RawClient(port: port) }
}

/// A listening socket on 127.0.0.1 and its port.
func listeningSocket() throws -> (socket: Int32, port: Int) {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutablePointer(to: &address) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            guard bind(socket, $0, length) == 0, listen(socket, 128) == 0, getsockname(socket, $0, &length) == 0 else {
                throw IOError(errnoCode: errno, reason: "bind")
            }
        }
    }
    return (socket, Int(UInt16(bigEndian: address.sin_port)))
}

/// A TCP client that shows every byte. Its calls block a thread of NIO's pool, not Swift's.
final class RawClient: Sendable {
    private let socket: Int32
    private let isOpen = Mutex(true)
    private let received = Mutex<[UInt8]>([])

    init(port: Int, receiveBuffer: Int32? = nil) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw IOError(errnoCode: errno, reason: "connect") }
    }

    deinit { close() }

    func close() {
        isOpen.withLock {
            if $0 { _ = Glibc.close(socket) }
            $0 = false
        }
    }

    /// Closes so that the server sees a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func shutdownOutput() { shutdown(socket, Int32(SHUT_WR)) }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await NIOThreadPool.singleton.runIfActive { [socket] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw IOError(errnoCode: errno, reason: "send") }
                sent += count
            }
        }
    }

    /// Some bytes; none at the end of the connection.
    func receive(_ limit: Int = 65536) async throws -> [UInt8] {
        try await NIOThreadPool.singleton.runIfActive { [socket] in
            var bytes = [UInt8](repeating: 0, count: limit)
            let count = recv(socket, &bytes, limit, 0)
            guard count >= 0 else { throw IOError(errnoCode: errno, reason: "recv") }
            return Array(bytes.prefix(count))
        }
    }

    /// Everything up to the end of the connection.
    func receiveAll() async throws -> String {
        var all = received.withLock { received in
            defer { received = [] }
            return received
        }
        while true {
            let bytes = try await receive()
            guard !bytes.isEmpty else { return String(decoding: all, as: UTF8.self) }
            all += bytes
        }
    }

    /// Everything up to and including `end`; what follows stays for the next call.
    func receive(through end: String) async throws -> String {
        let end = Array(end.utf8)
        while true {
            let found = received.withLock { received -> String? in
                guard received.count >= end.count else { return nil }
                for start in 0...(received.count - end.count) where Array(received[start..<start + end.count]) == end {
                    defer { received.removeFirst(start + end.count) }
                    return String(decoding: received[..<(start + end.count)], as: UTF8.self)
                }
                return nil
            }
            if let found { return found }
            let bytes = try await receive()
            guard !bytes.isEmpty else { throw ConnectionEnded() }
            received.withLock { $0 += bytes }
        }
    }

    /// One response that has a Content-Length: head and body.
    func response() async throws -> (head: String, body: String) {
        let head = try await receive(through: "\r\n\r\n")
        guard let line = head.split(separator: "\r\n").first(where: { $0.hasPrefix("Content-Length: ") }),
            let length = Int(line.dropFirst("Content-Length: ".count))
        else { return (head, "") }
        while received.withLock({ $0.count }) < length {
            let bytes = try await receive()
            guard !bytes.isEmpty else { throw ConnectionEnded() }
            received.withLock { $0 += bytes }
        }
        return received.withLock { received in
            defer { received.removeFirst(length) }
            return (head, String(decoding: received[..<length], as: UTF8.self))
        }
    }
}

struct ConnectionEnded: Error {}

/// One value that a test waits for.
final class Awaited<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func set(_ value: Value) { continuation.yield(value) }

    var value: Value {
        get async throws {
            for await value in stream { return value }
            throw CancellationError()
        }
    }
}

/// A counter that closures can share.
final class Counter: Sendable {
    private let number: Atomic<Int>

    init(_ value: Int) { number = Atomic(value) }

    var value: Int { number.load(ordering: .relaxed) }

    func add(_ count: Int) { number.add(count, ordering: .relaxed) }
}
