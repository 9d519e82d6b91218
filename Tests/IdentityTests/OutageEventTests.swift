import Events
import NIOPosix
import TestSupport
import Testing

@testable import Identity

/// What the journal tells of servers that go away and come back: each outage once, each end once.
@Suite(.serialized, .servers(), .timeLimit(.minutes(5))) struct OutageEventTests {
    /// Numbers of entries by `MESSAGE_ID`, which is what operators have written into their alarms.
    private func counts(_ recorder: EventRecorder, _ ids: String...) -> [Int] {
        ids.map { id in recorder.entries.count { $0.metadata["message_id"] == id } }
    }

    @Test func keystone() async throws {
        let site = try Site()
        let recorder = EventRecorder()
        let authenticator = try TokenAuthenticator(
            keystone: site.settings(), tokens: TokenSettings(publicURL: site.url),
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: recorder.logger)
        /// Errors of many requests at once, each with a token that nobody has asked about yet.
        func ask(_ name: String) async -> [IdentityError] {
            await withTaskGroup(of: IdentityError?.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        do throws(IdentityError) {
                            _ = try await authenticator.authenticate(token: "\(name)-\(number)", serviceToken: nil)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: []) { if let error = $1 { $0.append(error) } }
            }
        }
        func counts() -> [Int] {
            self.counts(recorder, "891937ef45f3465bb1ea177add7084ab", "d32dac78616142748f3534c96c6b7c80")
        }
        #expect(await ask("before").allSatisfy { $0 == .invalidToken })
        #expect(counts() == [0, 0])
        for outage in 1...2 {
            try await site.keystone.stop()
            for round in 0..<2 {
                let errors = await ask("away-\(outage)-\(round)")
                #expect(errors.count == 16 && !errors.contains(.invalidToken))
            }
            #expect(counts() == [outage, outage - 1])
            try await site.keystone.start()
            for round in 0..<2 {
                #expect(await ask("back-\(outage)-\(round)").allSatisfy { $0 == .invalidToken })
            }
            #expect(counts() == [outage, outage])
        }
        await authenticator.shutdown()
        let away = recorder.occurrences(of: .keystoneUnreachable)
        #expect(away.allSatisfy { $0.level == .error && $0.metadata["auth_url"] == site.url })
        #expect(away.allSatisfy { $0.metadata["error"]?.isEmpty == false })
        #expect(recorder.occurrences(of: .keystoneBack).allSatisfy { $0.metadata["auth_url"] == site.url })
    }

    @Test func memcached() async throws {
        let site = try Site()
        let recorder = EventRecorder()
        let cache = SharedTokenCache(
            try site.memcachedSettings(), realm: "r", eventLoopGroup: .singletonMultiThreadedEventLoopGroup,
            logger: recorder.logger)
        func counts() -> [Int] {
            self.counts(recorder, "63331733000c4fbd8c388052b86ff801", "05199a9911b5492186e4bc8d4bc79822")
        }
        func askMany() async {
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<32 {
                    group.addTask { _ = await cache.verdict(on: TokenDigest(of: "\(number)")) }
                }
            }
        }
        /// Asks until an entry has come.
        func ask(until isEnough: ([Int]) -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(30)
            while !isEnough(counts()), ContinuousClock.now < end {
                await askMany()
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        await askMany()
        #expect(counts() == [0, 0])
        for outage in 1...2 {
            try await site.memcached.stop()
            try await ask { $0[0] == outage }
            // It is tried again meanwhile.
            try await Task.sleep(for: .milliseconds(1200))
            await askMany()
            #expect(counts() == [outage, outage - 1])
            try await site.memcached.start()
            try await ask { $0[1] == outage }
            await askMany()
            #expect(counts() == [outage, outage])
        }
        await cache.shutdown()
        let server = try site.memcached.setting("MEMCACHED_SERVERS")
        let away = recorder.occurrences(of: .memcachedUnreachable)
        #expect(away.allSatisfy { $0.level == .warning && $0.metadata["server"] == server })
        #expect(recorder.occurrences(of: .memcachedBack).allSatisfy { $0.metadata["server"] == server })
    }
}
