import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import OutgoingHTTP

@Suite struct OutgoingHTTPClientTests {
    private func client(_ change: (inout OutgoingHTTPSettings) -> Void = { _ in }) -> OutgoingHTTPClient {
        var settings = OutgoingHTTPSettings()
        change(&settings)
        return OutgoingHTTPClient(settings, eventLoopGroup: .singletonMultiThreadedEventLoopGroup)
    }

    /// Parts of a body, and how many were taken.
    private struct Parts: AsyncSequence, Sendable {
        typealias Element = ByteBuffer
        typealias Failure = any Error

        /// nil is without end.
        var count: Int?
        var part = ByteBuffer(repeating: 1, count: 1 << 16)
        var failure: (any Error)?
        let taken: @Sendable () -> Void

        func makeAsyncIterator() -> Iterator { Iterator(parts: self) }

        struct Iterator: AsyncIteratorProtocol {
            let parts: Parts
            var index = 0

            mutating func next() async throws -> ByteBuffer? {
                if index == parts.count {
                    if let failure = parts.failure { throw failure }
                    return nil
                }
                index += 1
                parts.taken()
                return parts.part
            }
        }
    }

    @Test func sendsWhatItIsGiven() async throws {
        let peer = try await Peer([.reply(.created, "answer", headers: ["X-One": "1"])])
        let client = client()
        var request = OutgoingRequest(
            .PUT, peer.url + "/a%20b?c=d", headers: ["X-Two": "2"], body: .bytes(ByteBuffer(string: "body")))
        request.requestID = "req-1"
        request.setRange(5..<10)
        let response = try await client.send(request)
        #expect(response.status == .created)
        #expect(response.headers.first(name: "X-One") == "1")
        #expect(response.contentLength == 6)
        #expect(String(buffer: try await response.collect(upTo: 6)) == "answer")
        let received = try #require(peer.requests.withLock { $0.first })
        #expect(received.head.method == .PUT)
        #expect(received.head.uri == "/a%20b?c=d")
        #expect(received.head.headers.first(name: "X-Two") == "2")
        #expect(received.head.headers.first(name: "X-OpenStack-Request-ID") == "req-1")
        #expect(received.head.headers.first(name: "Range") == "bytes=5-9")
        #expect(String(buffer: received.body) == "body")
        await client.shutdown()
        await #expect(throws: OutgoingHTTPError.closed) { _ = try await client.send(request) }
        try await peer.stop()
    }

    @Test(arguments: [Int64(5 << 16), nil]) func streamsUploads(length: Int64?) async throws {
        let peer = try await Peer([.reply(.ok)])
        let client = client()
        let response = try await client.send(
            OutgoingRequest(.PUT, peer.url, body: .stream(length: length, Parts(count: 5, taken: {}))))
        #expect(response.status == .ok)
        let received = try #require(peer.requests.withLock { $0.first })
        #expect(received.body.readableBytes == 5 << 16)
        #expect(received.head.headers.first(name: "Content-Length") == length.map(String.init))
        #expect(received.head.headers.first(name: "Transfer-Encoding") == (length == nil ? "chunked" : nil))
        await client.shutdown()
        try await peer.stop()
    }

    @Test func aFailedSourceEndsTheUpload() async throws {
        let peer = try await Peer([.reply(.ok)])
        let client = client()
        await #expect(throws: OutgoingHTTPError.sourceFailed) {
            _ = try await client.send(
                OutgoingRequest(
                    .PUT, peer.url,
                    body: .stream(length: nil, Parts(count: 2, failure: ChannelError.eof, taken: {}))))
        }
        #expect(peer.requests.withLock { $0.isEmpty })
        await client.shutdown()
        try await peer.stop()
    }

    /// It takes what the buffers between hold, then waits, and gives up.
    @Test func aServerThatTakesNothingEndsTheUpload() async throws {
        let peer = try await Peer([.deaf])
        let client = client()
        let taken = Mutex(0)
        await #expect(throws: OutgoingHTTPError.timeout) {
            _ = try await client.send(
                OutgoingRequest(
                    .PUT, peer.url, body: .stream(length: nil, Parts(taken: { taken.withLock { $0 += 1 } })),
                    idleTimeout: .milliseconds(300)))
        }
        #expect(taken.withLock { $0 } << 16 < 256 << 20)
        await client.shutdown()
        try await peer.stop()
    }

    @Test func readsNoFasterThanItsReader() async throws {
        let peer = try await Peer([.endless])
        let client = client()
        let response = try await client.send(OutgoingRequest(.GET, peer.url))
        for _ in 0..<3 { #expect(try await response.next() != nil) }
        // Until the server cannot send any more.
        var sent = -1
        while sent != peer.sent.load(ordering: .relaxed) {
            sent = peer.sent.load(ordering: .relaxed)
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(sent < 256 << 20)
        await #expect(throws: OutgoingHTTPError.tooLong(1000)) { _ = try await response.collect(upTo: 1000) }
        await client.shutdown()
        try await peer.stop()
    }

    @Test func silenceEndsTheRequest() async throws {
        let peer = try await Peer([.deaf, .stall(length: 10, after: "12345")])
        let client = client()
        let request = OutgoingRequest(.GET, peer.url, idleTimeout: .milliseconds(200))
        await #expect(throws: OutgoingHTTPError.timeout) { _ = try await client.send(request) }
        for deadline in [nil, Duration.milliseconds(200)] {
            let response = try await client.send(
                OutgoingRequest(
                    .GET, peer.url, deadline: deadline, idleTimeout: deadline == nil ? .milliseconds(200) : nil))
            #expect(try await response.next() == ByteBuffer(string: "12345"))
            await #expect(throws: OutgoingHTTPError.timeout) { _ = try await response.next() }
        }
        await client.shutdown()
        try await peer.stop()
    }

    @Test func cancellationIsNoTimeout() async throws {
        let peer = try await Peer([.stall(length: 10, after: "12345")])
        let client = client()
        let response = try await client.send(OutgoingRequest(.GET, peer.url, deadline: .seconds(100)))
        _ = try await response.next()
        let reading = Task { try await response.next() }
        reading.cancel()
        await #expect(throws: OutgoingHTTPError.cancelled) { _ = try await reading.value }
        await client.shutdown()
        try await peer.stop()
    }

    @Test func failuresAreTold() async throws {
        let peer = try await Peer([.hangUp])
        let client = client()
        await #expect(throws: OutgoingHTTPError.brokenOff) {
            _ = try await client.send(OutgoingRequest(.GET, peer.url))
        }
        try await peer.stop()
        await #expect(throws: OutgoingHTTPError.noConnection("Connection refused")) {
            _ = try await client.send(OutgoingRequest(.GET, peer.url))
        }
        await #expect(throws: OutgoingHTTPError.badURL) { _ = try await client.send(OutgoingRequest(.GET, "nonsense")) }
        await client.shutdown()
    }

    @Test func namesCanBePinned() async throws {
        let peer = try await Peer([.reply(.ok)])
        let client = client { $0.addresses = ["images.test": "127.0.0.1"] }
        _ = try await client.send(OutgoingRequest(.GET, "http://images.test:\(peer.port)/"))
        #expect(peer.requests.withLock { $0.first?.head.headers.first(name: "Host") } == "images.test:\(peer.port)")
        await client.shutdown()
        try await peer.stop()
    }

    /// The form that forward proxies want (RFC 9112, section 3.2.2).
    @Test func plainRequestsGoToTheProxyWhole() async throws {
        let peer = try await Peer([.reply(.ok)])
        let proxy = HTTPProxy(host: "127.0.0.1", port: peer.port, user: "u", password: "p")
        let client = client { $0.proxies = ["http": proxy, "https": proxy] }
        for url in ["http://images.test/a?b", "http://images.test:81"] {
            _ = try await client.send(OutgoingRequest(.GET, url))
        }
        let heads = peer.requests.withLock { $0.map(\.head) }
        #expect(heads.map(\.uri) == ["http://images.test/a?b", "http://images.test:81/"])
        #expect(heads[0].headers.first(name: "Proxy-Authorization") == "Basic dTpw")
        await client.shutdown()
        try await peer.stop()
    }

    @Test func aClientMayGoWithoutShutdown() async throws {
        let peer = try await Peer([.reply(.ok, "text")])
        let response = try await client().send(OutgoingRequest(.GET, peer.url))
        #expect(try await response.collect(upTo: 10).readableBytes == 4, "the answer holds its client")
        try await peer.stop()
    }

    @Test(
        arguments: [
            ("bytes 5-9/100", 5..<10), ("BYTES 0-0/*", 0..<1), ("bytes 9-5/100", nil), ("bytes */100", nil),
            ("5-9", nil),
            ("bytes 0-9223372036854775807/*", nil), ("bytes 1-x/3", nil),
        ] as [(String, Range<Int64>?)])
    func rangesAreRead(text: String, range: Range<Int64>?) async throws {
        let peer = try await Peer([.reply(.partialContent, headers: ["Content-Range": text])])
        let client = client()
        #expect(try await client.send(OutgoingRequest(.GET, peer.url)).contentRange == range)
        await client.shutdown()
        try await peer.stop()
    }

    // MARK: Again

    @Test func sendsAgain() async throws {
        let peer = try await Peer([.hangUp, .reply(.serviceUnavailable), .hangUp, .reply(.ok), .reply(.badGateway)])
        let client = client()
        var retries = RetryPolicy()
        retries.failures = 1
        retries.delay = .milliseconds(1)
        retries.answers = 1
        retries.answerDelay = .milliseconds(1)
        #expect(try await client.send(OutgoingRequest(.GET, peer.url), retries: retries).status == .ok)
        #expect(try await client.send(OutgoingRequest(.GET, peer.url), retries: retries).status == .badGateway)
        await client.shutdown()
        try await peer.stop()
    }

    @Test func givesUp() async throws {
        let peer = try await Peer([.hangUp, .hangUp, .reply(.ok)])
        let client = client()
        var retries = RetryPolicy()
        retries.failures = 1
        retries.delay = .milliseconds(1)
        await #expect(throws: OutgoingHTTPError.brokenOff) {
            _ = try await client.send(OutgoingRequest(.GET, peer.url), retries: retries)
        }
        #expect(try await client.send(OutgoingRequest(.GET, peer.url)).status == .ok)
        await client.shutdown()
        try await peer.stop()
    }

    @Test func aStreamIsSentOnce() async throws {
        let peer = try await Peer([.reply(.serviceUnavailable), .reply(.ok)])
        let client = client()
        var retries = RetryPolicy()
        retries.answers = 3
        retries.answerDelay = .milliseconds(1)
        let request = OutgoingRequest(.PUT, peer.url, body: .stream(length: nil, Parts(count: 1, taken: {})))
        #expect(try await client.send(request, retries: retries).status == .serviceUnavailable)
        await client.shutdown()
        try await peer.stop()
    }
}
