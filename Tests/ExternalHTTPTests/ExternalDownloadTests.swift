import Foundation
import Glibc
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import ExternalHTTP

/// Downloads into files from a real web server.
@Suite(.serialized) struct ExternalDownloadTests {
    @Test(arguments: ["/file", "/nolength/file", "/norange/file", "/redirect/5/file", "/elsewhere/file"])
    func bringsTheWholeIntoTheFile(path: String) async throws {
        try await with { web async throws in
            let bytes = try web.publish("file", count: 3_500_000)
            let seen = Mutex<[DownloadProgress]>([])
            let size = try await web.download(path) { progress in seen.withLock { $0.append(progress) } }
            #expect(size == 3_500_000)
            #expect(try web.downloaded() == bytes)
            let progress = seen.withLock { $0 }
            #expect(progress.count == 4 && progress.last?.received == 3_500_000)
            #expect(progress.map(\.received) == progress.map(\.received).sorted())
            #expect(progress.allSatisfy { $0.expected == (path.hasPrefix("/nolength") ? nil : 3_500_000) })
        }
    }

    @Test func emptyFilesAreFiles() async throws {
        try await with { web async throws in
            _ = try web.publish("file", count: 0)
            try Data("older".utf8).write(to: URL(filePath: web.target))
            #expect(try await web.download("/file") == 0)
            #expect(try web.downloaded().isEmpty)
        }
    }

    @Test func goesOnWhereTheConnectionBroke() async throws {
        try await with { web async throws in
            let bytes = try web.publish("file", count: 900_000)
            #expect(try await web.download("/cut/file") == 900_000)
            #expect(try web.downloaded() == bytes)
            let requests = try await web.requests("GET /cut/file")
            #expect(requests.count > 5)
            #expect(requests.count { $0.contains("\" 200 ") } == 1)
            #expect(requests.count { $0.contains("\" 206 ") } == requests.count - 1)
        }
    }

    @Test func aServerThatIsAwayForAMomentIsAskedAgain() async throws {
        try await with { web async throws in
            let bytes = try web.publish("file", count: 9 << 20)
            let hasStopped = Mutex(false)
            let size = try await web.download("/file") { progress in
                guard
                    !hasStopped.withLock({ stopped in
                        defer { stopped = true }
                        return stopped
                    })
                else { return }
                try? await web.server.stop()
                Task { try await web.server.start() }
            }
            #expect(size == 9 << 20)
            #expect(try web.downloaded() == bytes)
        }
    }

    @Test("bug 1895663: what is shorter than announced is an error, and says so")
    func truncatedDownloadsFail() async throws {
        try await with { web async throws in
            _ = try web.publish("file", count: 900_000)
            let error = await #expect(throws: ExternalHTTPError.self) { try await web.download("/cutfor/file") }
            guard case .wrongSize(let received, expected: 900_000)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(received < 900_000)
            #expect(error?.publicText.contains("900000 bytes were announced, \(received) bytes were received") == true)
            // Not for ever.
            #expect(try await web.requests("GET /cutfor/file").count == 3)
        }
    }

    @Test func anotherSizeThanTheKnownOneIsAnError() async throws {
        try await with { web async throws in
            _ = try web.publish("file", count: 1000)
            for path in ["/file", "/nolength/file"] {
                await #expect(throws: ExternalHTTPError.wrongSize(1000, expected: 999)) {
                    try await web.download(path, size: 999)
                }
            }
        }
    }

    @Test(
        "CVE-2026-71196: no more bytes than image_size_cap, announced or not",
        arguments: ["/file", "/nolength/file", "/redirect/3/file"])
    func sizeIsLimited(path: String) async throws {
        try await with(bytes: 2_000_000) { web async throws in
            _ = try web.publish("file", count: 2_000_001)
            await #expect(throws: ExternalHTTPError.tooLarge(2_000_000)) { try await web.download(path) }
            #expect(try web.downloaded().count <= 2_000_000)
            _ = try web.publish("file", count: 2_000_000)
            #expect(try await web.download(path) == 2_000_000)
        }
    }

    @Test("CVE-2026-71196: a server that trickles is given up in the end")
    func timeIsLimited() async throws {
        try await with(time: .seconds(2)) { web async throws in
            _ = try web.publish("file", count: 200_000)
            await #expect(throws: ExternalHTTPError.tooSlow) { try await web.download("/trickle/file") }
        }
    }

    @Test("CVE-2026-71196, CVE-2026-34881: redirects have an end", arguments: ["/loop", "/redirect/6/file"])
    func redirectsAreLimited(path: String) async throws {
        try await with { web async throws in
            await #expect(throws: ExternalHTTPError.tooManyRedirects(5)) { try await web.download(path) }
        }
    }

    @Test("CVE-2026-34881: downloads follow no redirect past the filter")
    func redirectsAreChecked() async throws {
        try await with { web async throws in
            for target in ["http://127.0.0.2:\(web.port)/never", "http://2130706434:\(web.port)/never"] {
                await #expect(throws: ExternalHTTPError.self) { try await web.download("/to?\(target)") }
            }
            #expect(try await web.requests("GET /never").isEmpty)
        }
    }

    @Test("CVE-2026-71197: a download whose name leads to the machine itself when it goes on is refused")
    func namesAreCheckedWhenItGoesOn() async throws {
        try await with(
            "allowed_ports = [PORT]", ["rebinding.test": [["192.0.2.1"], ["127.0.0.1"]]]
        ) { web async throws in
            let url = try #require(ExternalURL("http://rebinding.test:\(web.port)/never"))
            try await web.filter.check(url)
            await #expect(throws: ExternalHTTPError.refused) { try await web.download(url) }
            #expect(try await web.requests("GET /never").isEmpty)
        }
    }

    @Test("CVE-2026-71198: link-local and loopback hosts are not downloaded from")
    func localHostsAreRefused() async throws {
        try await with("allowed_ports = [80, PORT]") { web async throws in
            for host in ["127.0.0.1:\(web.port)", "[::1]", "169.254.169.254", "[fe80::1]", "localhost:\(web.port)"] {
                let url = try #require(ExternalURL("http://\(host)/never"))
                await #expect(throws: ExternalHTTPError.refused, "\(host)") { try await web.download(url) }
            }
            #expect(try await web.requests("GET /never").isEmpty)
        }
    }

    @Test("CVE-2017-7200: a client cannot tell a closed port from a silent, a refused or a foreign one")
    func errorsTellNothing() async throws {
        let silent = try SilentServer()
        defer { silent.close() }
        try await with(
            "allowed_hosts = [127.0.0.1]\nallowed_ports = [1, PORT, \(silent.port)]", timeout: 1
        ) { web async throws in
            var texts: Set<String> = []
            var reasons: Set<String> = []
            for address in [
                "127.0.0.1:1", "127.0.0.1:\(silent.port)", "127.0.0.1:2", "127.0.0.2:\(web.port)", "nowhere.invalid",
                "127.0.0.1:\(web.port)/status/404", "127.0.0.1:\(web.port)/status/500", "127.0.0.1:\(web.port)/nowhere",
                "127.0.0.1:\(web.port)/loop",
            ] {
                let url = try #require(ExternalURL("http://\(address)"))
                let error = await #expect(throws: ExternalHTTPError.self, "\(address)") { try await web.download(url) }
                texts.insert(try #require(error).publicText)
                reasons.insert(try #require(error).text)
            }
            #expect(texts.count == 1)
            #expect(reasons.count >= 6)
            #expect(texts.union(reasons).allSatisfy { !$0.contains("127.0.0") && !$0.contains("\(silent.port)") })
        }
    }

    @Test("CVE-2026-34881: a token goes to no server that is redirected to")
    func tokensStay() async throws {
        try await with(
            "allowed_hosts = [127.0.0.1, localhost]\nallowed_ports = [PORT]", ["localhost": [["127.0.0.1"]]]
        ) { web async throws in
            let login = Data("glance:\(try web.server.setting("NGINX_PASSWORD"))".utf8).base64EncodedString()
            let headers: HTTPHeaders = ["Authorization": "Basic \(login)"]
            let bytes = try web.publish("file", count: 10)
            #expect(try await web.download("/to-private/file", headers: headers) == 10)
            #expect(try web.downloaded() == bytes)
            await #expect(throws: ExternalHTTPError.status(401)) {
                try await web.download("/away/file", headers: headers)
            }
        }
    }

    // MARK: After a crash

    @Test func aSecondProcessGoesOn() async throws {
        try await with { web async throws in
            let bytes = try web.publish("file", count: 9 << 20)
            try await web.downloadPart("/file", upTo: 3 << 20)
            #expect(try await web.download("/file") == 9 << 20)
            #expect(try web.downloaded() == bytes)
            // Complete: there is nothing to ask for.
            #expect(try await web.download("/file") == 9 << 20)
            try await web.file.forget()
            #expect(!FileManager.default.fileExists(atPath: web.target + ".download"))
            #expect(try await web.download("/file") == 9 << 20)
            let answers = try await web.requests("GET /file").map { $0.split(separator: " ")[8] }
            #expect(answers == ["200", "206", "200"])
        }
    }

    @Test func whatWasWrittenAfterTheCheckpointIsNotTrusted() async throws {
        try await with { web async throws in
            let bytes = try web.publish("file", count: 9 << 20)
            try await web.downloadPart("/file", upTo: 3 << 20)
            let handle = try FileHandle(forWritingTo: URL(filePath: web.target))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(count: 100_000))
            try handle.close()
            #expect(try await web.download("/file") == 9 << 20)
            #expect(try web.downloaded() == bytes)
        }
    }

    enum Damage: CaseIterable { case changed, otherURL, shorter, garbage, noRanges, gone }

    @Test(arguments: Damage.allCases)
    func beginsAnewWhenItCannotGoOn(damage: Damage) async throws {
        try await with { web async throws in
            var bytes = try web.publish("file", count: 9 << 20)
            try await web.downloadPart("/file", upTo: 3 << 20)
            var path = "/file"
            switch damage {
            case .changed: bytes = try web.publish("file", count: 9 << 20, seed: 2)
            case .otherURL: path = "/file?other"
            case .shorter: bytes = try web.publish("file", count: 100, seed: 2)
            case .garbage: try Data("glance download 1\nx".utf8).write(to: URL(filePath: web.target + ".download"))
            case .noRanges: path = "/norange/file"
            case .gone: try FileManager.default.removeItem(atPath: web.target + ".download")
            }
            #expect(try await web.download(path) == Int64(bytes.count))
            #expect(try web.downloaded() == bytes)
        }
    }

    @Test func aFileThatCannotBeWrittenEndsTheDownload() async throws {
        try await with { web async throws in
            _ = try web.publish("file", count: 100)
            let full = Glibc.open("/dev/full", O_RDWR)
            defer { close(full) }
            let url = try #require(ExternalURL("http://127.0.0.1:\(web.port)/file"))
            await #expect(throws: ExternalHTTPError.file(EINVAL)) {
                try await web.loader.run(url, into: DownloadFile(descriptor: full))
            }
        }
    }

    // MARK: As they come

    @Test(arguments: ["/file", "/nolength/file", "/cut/file", "/redirect/5/file"])
    func dataCanBeTakenAsTheyCome(path: String) async throws {
        try await with { web async throws in
            let bytes = try web.publish("file", count: 900_000)
            let body = try await web.open(path)
            #expect(body.expected == (path.hasPrefix("/nolength") ? nil : 900_000))
            var received = Data()
            for try await part in body { received.append(contentsOf: part.readableBytesView) }
            #expect(received == bytes)
        }
    }

    @Test("bug 1895663, CVE-2026-71196: data that are taken as they come have the same bounds")
    func dataThatAreTakenAsTheyComeHaveBounds() async throws {
        try await with(bytes: 2_000_000, time: .seconds(2)) { web async throws in
            func take(_ path: String, size: Int64? = nil) async throws {
                for try await _ in try await web.open(path, size: size) {}
            }
            _ = try web.publish("file", count: 900_000)
            let error = await #expect(throws: ExternalHTTPError.self) { try await take("/cutfor/file") }
            guard case .wrongSize(_, expected: 900_000)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            await #expect(throws: ExternalHTTPError.tooSlow) { try await take("/trickle/file") }
            await #expect(throws: ExternalHTTPError.wrongSize(900_000, expected: 7)) {
                try await take("/file", size: 7)
            }
            await #expect(throws: ExternalHTTPError.wrongSize(900_000, expected: 7)) {
                try await take("/nolength/file", size: 7)
            }
            await #expect(throws: ExternalHTTPError.status(404)) { try await take("/status/404") }
            await #expect(throws: ExternalHTTPError.tooManyRedirects(5)) { try await take("/loop") }
            _ = try web.publish("file", count: 2_000_001)
            for path in ["/file", "/nolength/file"] {
                await #expect(throws: ExternalHTTPError.tooLarge(2_000_000)) { try await take(path) }
            }
        }
    }

    @Test func dataThatChangeInTheMiddleAreNotMixed() async throws {
        try await with { web async throws in
            _ = try web.publish("file", count: 900_000)
            var received = 0
            let error = await #expect(throws: ExternalHTTPError.self) {
                for try await part in try await web.open("/cut/file") {
                    if received == 0 { _ = try web.publish("file", count: 900_000, seed: 2) }
                    received += part.readableBytes
                }
            }
            guard case .wrongSize? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(received < 900_000)
        }
    }

    // MARK: The web server

    private struct Web: Sendable {
        let server: SupportServer
        let filter: ExternalURLFilter
        let loader: ExternalDownload
        let port: String
        let target: String
        let file: DownloadFile

        /// Puts reproducible bytes on the server.
        func publish(_ name: String, count: Int, seed: UInt64 = 1) throws -> Data {
            let bytes = Data(Noise.bytes(count, seed: seed).prefix(count))
            let path = URL(filePath: try server.setting("NGINX_ROOT") + "/" + name)
            try bytes.write(to: path)
            // The server's entity tag is made of time and size.
            let time = Date(timeIntervalSince1970: 1_000_000_000 + Double(seed))
            try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path.path())
            return bytes
        }

        func downloaded() throws -> Data { try Data(contentsOf: URL(filePath: target)) }

        @discardableResult
        func download(
            _ path: String, headers: HTTPHeaders = [:], size: Int64? = nil,
            progress: @Sendable (DownloadProgress) async -> Void = { _ in }
        ) async throws -> Int64 {
            let url = try #require(ExternalURL("http://127.0.0.1:\(port)\(path)"))
            return try await loader.run(url, headers: headers, size: size, into: file, progress: progress)
        }

        func open(_ path: String, size: Int64? = nil) async throws -> ExternalBody {
            let url = try #require(ExternalURL("http://127.0.0.1:\(port)\(path)"))
            return try await loader.open(url, size: size)
        }

        @discardableResult
        func download(_ url: ExternalURL) async throws -> Int64 { try await loader.run(url, into: file) }

        /// Ends a download in the middle.
        func downloadPart(_ path: String, upTo bytes: Int64) async throws {
            let (reached, signal) = AsyncStream.makeStream(of: Void.self)
            let loading = Task {
                try await download(path) { progress in
                    guard progress.received >= bytes else { return }
                    signal.finish()
                    while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
                }
            }
            for await _ in reached {}
            loading.cancel()
            await #expect(throws: ExternalHTTPError.cancelled) { try await loading.value }
        }

        /// Lines of the server's log whose requests begin with `text`. Ends the server: then it has logged everything.
        func requests(_ text: String) async throws -> [Substring] {
            try await server.stop()
            return try String(contentsOfFile: server.setting("NGINX_ACCESS_LOG"), encoding: .utf8)
                .split(separator: "\n").filter { $0.contains("\"\(text)") }
        }
    }

    /// `PORT` in the options stands for the server's.
    private func with(
        _ options: String = "allowed_hosts = [127.0.0.1, localhost]\nallowed_ports = [PORT, TLS]",
        _ answers: [String: [[String]]] = ["localhost": [["127.0.0.1"]]], bytes: Int64 = .max,
        time: Duration = .seconds(60), timeout: Int = 20, _ body: @escaping @Sendable (Web) async throws -> Void
    ) async throws {
        try await withServer("nginx") { server in
            try await withTemporaryDirectory { directory in
                let port = String(try #require(server.setting("NGINX_URL").split(separator: ":").last))
                let tls = String(try #require(server.setting("NGINX_TLS_URL").split(separator: ":").last))
                let filter = try Names(answers).filter(
                    options.replacing("PORT", with: port).replacing("TLS", with: tls))
                var settings = ExternalHTTPSettings()
                settings.certificateAuthorities = try server.setting("NGINX_CA")
                settings.timeout = timeout
                var limits = DownloadLimits(bytes: bytes, time: time)
                limits.restartDelay = .milliseconds(10)
                limits.fruitlessTries = 40
                let target = directory + "/image"
                let descriptor = Glibc.open(target, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
                defer { close(descriptor) }
                try await body(
                    Web(
                        server: server, filter: filter,
                        loader: ExternalDownload(
                            client: ExternalHTTPClient(settings: settings, filter: filter), limits: limits),
                        port: port, target: target,
                        file: DownloadFile(descriptor: descriptor, checkpointPath: target + ".download")))
            }
        }
    }
}
