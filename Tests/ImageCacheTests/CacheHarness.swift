import Cryptography
import Events
import Foundation
import ImageDatabase
import ImageModel
import ImageStore
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing
import TextCoding

@testable import ImageCache

/// A cache in a directory of its own, and stores to fill it from.
final class CacheHarness: Sendable {
    let directory: URL
    let database: ImageDatabase
    let events = EventRecorder()
    private let settings: CacheSettings

    init(
        maximumSize: Int64 = 10 << 20, driver: CacheSettings.Driver = .sqlite, node: String = "http://node-1:9292"
    ) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "cache-\(UUIDText.random())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        database = try ImageDatabase(url: "sqlite:///\(directory.path)/glance.sqlite", logger: logger)
        _ = try await SchemaMigrator(database).upgrade(to: "heads")
        settings = CacheSettings(
            directory: directory.appending(path: "cache").path, maximumSize: maximumSize, driver: driver, node: node)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// What another process of the node, or with another URL another node, has.
    func cache(
        node: String? = nil, maximumSize: Int64? = nil, driver: CacheSettings.Driver? = nil
    ) async throws -> ImageCache {
        var settings = settings
        if let node { settings.node = node }
        if let maximumSize { settings.maximumSize = maximumSize }
        if let driver { settings.driver = driver }
        let cache = try ImageCache(settings: settings, database: database, logger: events.logger)
        await cache.prepare()
        return cache
    }

    func path(_ name: String) -> String { "\(settings.directory)/\(name)" }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
    func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: path(name))) }

    /// Names in one of the directories.
    func names(_ part: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(part)).sorted()
    }

    func age(_ name: String, seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: path(name))
    }

    /// An active image with these data.
    func image(_ bytes: [UInt8]) throws -> Image {
        var digest = try Digest("sha512")
        digest.update(bytes)
        return Image(
            id: UUIDText.random(), status: .active, size: Int64(bytes.count), hashAlgorithm: "sha512",
            hashValue: digest.hexadecimal())
    }

    static func bytes(_ count: Int, seed: UInt8 = 1) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) ^ seed }
    }

    /// Downloads an image and waits until nothing is being filled any more.
    func download(_ image: Image, from cache: ImageCache, _ source: DataSource) async throws -> [UInt8] {
        let content = try await source.open(image, in: cache)
        return try await Self.read(content)
    }

    static func read(_ content: StoreContent) async throws -> [UInt8] {
        let reader = ContentReader(content, BlockingPool())
        var bytes: [UInt8] = []
        while let buffer = try await reader.next() { bytes += buffer.readableBytesView }
        return bytes
    }
}

/// Data as a store has them, counting how often they are opened.
final class DataSource: Sendable {
    struct Broken: Error {}

    let bytes: [UInt8]
    /// What the store says; nil is not known.
    let announced: Int64?
    /// After so many bytes the first stream breaks.
    let breaksAfter: Int?
    let opened = Mutex<[Range<Int64>?]>([])
    private let gate: Gate?

    init(_ bytes: [UInt8], announced: Int64? = nil, breaksAfter: Int? = nil, gate: Gate? = nil) {
        self.bytes = bytes
        self.announced = announced ?? Int64(bytes.count)
        self.breaksAfter = breaksAfter
        self.gate = gate
    }

    var count: Int { opened.withLock { $0.count } }

    /// From the cache or from here.
    func open(_ image: Image, in cache: ImageCache, range: Range<Int64>? = nil) async throws -> StoreContent {
        let content = try await cache.open(image, range: range) { try await self.open($0) }
        if let content { return content }
        return try await open(range)
    }

    @Sendable func open(_ range: Range<Int64>?) async throws -> StoreContent {
        let isFirst = opened.withLock { opened in
            opened.append(range)
            return opened.count == 1
        }
        let end = min(Int(range?.upperBound ?? .max), bytes.count)
        let rest = Mutex(bytes[min(Int(range?.lowerBound ?? 0), end)..<end])
        let (limit, gate) = (isFirst ? breaksAfter : nil, isFirst ? gate : nil)
        let sent = Mutex(0)
        let size = range.map { $0.upperBound - $0.lowerBound } ?? announced
        return .stream(
            size: size,
            chunks: StoreChunks {
                {
                    let isSecond = sent.withLock { $0 > 0 }
                    if isSecond { await gate?.wait() }
                    if let limit, sent.withLock({ $0 >= limit }) { throw Broken() }
                    let chunk = rest.withLock { rest in
                        let chunk = rest.prefix(100_000)
                        rest = rest.dropFirst(100_000)
                        return chunk
                    }
                    sent.withLock { $0 += chunk.count }
                    return chunk.isEmpty ? nil : ByteBuffer(bytes: chunk)
                }
            })
    }
}

/// Holds those who come until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Waits for something that is to happen, with a deadline against hanging.
func eventually(_ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, "it did not happen")
        try await Task.sleep(for: .milliseconds(5))
    }
}

extension EventRecorder {
    func count(of event: Event) -> Int { occurrences(of: event).count }
}
