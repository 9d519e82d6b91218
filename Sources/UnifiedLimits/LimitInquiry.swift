import Events
import Identity
import ImageDatabase
import Logging
import Synchronization
import TextCoding

/// Asks Keystone for the limits of projects that are about to grow, so that a change there counts for the very next
/// request, and writes what has changed into the mirror, by which the claims are checked.
///
/// One question at a time: claims that come while one is under way wait for the next, together, since what Keystone reads
/// for the first may be older than they are. So Keystone gets a few requests at a time, however many claims there are.
/// Where several waited for the last question, the next one is held for an eighth of the time that it took: claims come in
/// waves then, since an answer lets many clients go on, and the last of a wave would wait for two questions.
/// When it does not answer in time the mirror counts, and nobody waits for it until it answers again.
final class LimitInquiry: Sendable {
    private let reader: LimitReader
    private let database: ImageDatabase
    private let deadline: Duration
    /// How long what is known of the image service in Keystone's catalog stands.
    private let catalogTime: Duration
    private let logger: Logger
    private let state = Mutex(State())

    /// A claim's wait for the answer.
    private struct Waiter {
        let project: String
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var waiters: [Waiter] = []
        var isAsking = false
        /// How long the next question is held, for more claims to join it.
        var hold: Duration = .zero
        /// Keystone has not answered in time, and is tried again in the background.
        var isAway = false
        var service: (LimitReader.Service, end: ContinuousClock.Instant)?
    }

    /// Projects of one question, each of which is a request.
    private static let mostProjects = 8
    /// Between two tries while Keystone is away.
    private static let pause: Duration = .seconds(1)

    init(
        reader: LimitReader, database: ImageDatabase, deadline: Duration, catalogTime: Duration, logger: Logger
    ) {
        self.reader = reader
        self.database = database
        self.deadline = deadline
        self.catalogTime = catalogTime
        self.logger = logger
    }

    /// Gets a token and finds the image service, so that the first claim need not wait for that too.
    func prepare() {
        Task { [weak self] in _ = try? await self?.service() }
    }

    /// Returns when the mirror holds what Keystone has said about `project` after this call, or when Keystone does not say
    /// it. Never fails: then the mirror counts as it is.
    func ask(about project: String) async {
        await withCheckedContinuation { continuation in
            let (isAnswered, begins) = state.withLock { state in
                if state.isAway { return (true, false) }
                state.waiters.append(Waiter(project: project, continuation: continuation))
                defer { state.isAsking = true }
                return (false, !state.isAsking)
            }
            if isAnswered { continuation.resume() }
            // Not a child of the claim, which may be cancelled while others wait too.
            if begins { Task { await self.answerAll() } }
        }
    }

    /// One question after the other, as long as anybody waits.
    private func answerAll() async {
        while let (projects, waiters) = await nextQuestion() {
            let began = ContinuousClock.now
            do throws(DatabaseError) {
                if let failure = try await answer(projects) { await begin(outage: failure) }
            } catch {
                // The claims themselves will meet the same, and say so.
                logger.debug("the mirror of limits cannot be completed", metadata: ["error": "\(error)"])
            }
            let hold = waiters.count > 1 ? (.now - began) / 8 : .zero
            state.withLock { $0.hold = hold }
            for waiter in waiters { waiter.continuation.resume() }
        }
    }

    /// Everybody who waits, or as many as ask about a few projects; nil when nobody does.
    private func nextQuestion() async -> (projects: [String], waiters: [Waiter])? {
        let hold = state.withLock { $0.hold }
        if hold > .zero { try? await Task.sleep(for: hold) }
        return state.withLock { state in
            var projects: Set<String> = []
            var rest: [Waiter] = []
            var taken: [Waiter] = []
            for waiter in state.waiters {
                if projects.contains(waiter.project) || projects.count < Self.mostProjects {
                    projects.insert(waiter.project)
                    taken.append(waiter)
                } else {
                    rest.append(waiter)
                }
            }
            state.waiters = rest
            guard !taken.isEmpty else {
                state.isAsking = false
                return nil
            }
            return (projects.sorted(), taken)
        }
    }

    // MARK: One question

    /// Brings the mirror up to date for some projects.
    ///
    /// Whoever writes has asked Keystone after the last one who wrote, on whatever node: what has changed in the mirror
    /// since the question began is the sign to ask once more. So no answer replaces a newer one.
    ///
    /// - Returns: why Keystone did not say it.
    private func answer(_ projects: [String]) async throws(DatabaseError) -> (any Error)? {
        let end = ContinuousClock.now + deadline
        var before = try await database.limits.mirror(of: projects)
        // Each try but the last fails because the limits have changed meanwhile.
        for _ in 0..<10 {
            // Until the whole mirror was read for the first time, there is nothing to complete.
            guard let known = before else { return nil }
            let now: LimitMirror
            switch await read(projects, known.mirror, until: end) {
            case .success(let mirror): now = mirror
            case .failure(let error): return error
            }
            if now == known.mirror { return nil }
            if try await store(now, over: known) { return nil }
            before = try await database.limits.mirror(of: projects)
            // Another process has heard the same.
            if before?.mirror == now { return nil }
        }
        return nil
    }

    /// False when the mirror has changed since it was read.
    private func store(_ mirror: LimitMirror, over known: StoredLimitMirror) async throws(DatabaseError) -> Bool {
        do {
            // The time of the mirror is that of its oldest part.
            _ = try await database.limits.storeMirror(mirror, over: known, at: known.refreshedAt)
            return true
        } catch {
            guard error == .conflict else { throw error }
            return false
        }
    }

    private struct TooSlow: Error, CustomStringConvertible {
        var description: String { "Keystone does not answer in time" }
    }

    private func read(
        _ projects: [String], _ known: LimitMirror, until end: ContinuousClock.Instant
    ) async -> Result<LimitMirror, any Error> {
        let (answers, answered) = AsyncStream.makeStream(of: Result<LimitMirror, any Error>.self)
        // Not in a task group, which would wait for a connection that cannot be cancelled.
        let question = Task {
            let result: Result<LimitMirror, any Error>
            do {
                let service = try await service()
                result = .success(
                    try await reader.read(projects, of: service, model: known.model, roots: known.roots))
            } catch {
                result = .failure(error)
            }
            answered.yield(result)
        }
        let clock = Task {
            try? await Task.sleep(until: end)
            answered.yield(.failure(TooSlow()))
        }
        defer {
            question.cancel()
            clock.cancel()
        }
        for await result in answers { return result }
        return .failure(CancellationError())
    }

    private func service() async throws -> LimitReader.Service {
        if let (service, end) = state.withLock({ $0.service }), end > .now { return service }
        let service = try await reader.service()
        state.withLock { $0.service = (service, .now + catalogTime) }
        return service
    }

    // MARK: Outages

    /// Lets everybody go who waits, and tries in the background until Keystone answers.
    private func begin(outage failure: any Error) async {
        let waiters = state.withLock { state in
            state.isAway = true
            // It may be another one that comes back.
            state.service = nil
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume() }
        var metadata: Logger.Metadata = ["error": "\(failure)"]
        if let refreshedAt = (try? await database.limits.mirrorState())?.refreshedAt {
            metadata["age_seconds"] = "\(max(0, (Timestamp.now.microseconds - refreshedAt.microseconds) / 1_000_000))"
        }
        logger.log(
            .limitsStale, level: .warning,
            "Keystone cannot be asked for limits at once; those that were read last go on counting", metadata: metadata)
        Task { [weak self] in
            repeat { try? await Task.sleep(for: Self.pause) } while await self?.isStillAway() ?? false
        }
    }

    private func isStillAway() async -> Bool {
        do throws(DatabaseError) {
            guard try await answer([]) == nil else { return true }
        } catch {
            return true
        }
        state.withLock { $0.isAway = false }
        logger.log(.limitsRecovered, level: .notice, "Keystone can be asked for limits again")
        return false
    }
}
