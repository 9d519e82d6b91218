import Dispatch
public import Logging
import Synchronization

/// Decides with oslo.policy's language whether a caller may do something.
///
/// Source: oslo.policy documentation, "Policy Rule Expressions" and "Default Rule".
public final class Enforcer: Sendable {
    private let defaults: [DefaultRule]
    /// Of the built-in rules that are not for tokens of any scope.
    private let scopes: [String: Set<TokenScope>]
    private let defaultRule: String
    private let policyFiles: [String]
    private let policyDirectories: [[String]]
    private let remoteCheck: RemoteCheck?
    private let logger: Logger
    private let state: Mutex<State>

    /// What decisions are made from until a file changes.
    private struct State {
        var rules: RuleSet
        /// The files that `rules` come from, or those that were found broken since.
        var files: PolicyFiles
        /// When the files were last looked at and had not changed.
        var seen: ContinuousClock.Instant?
        /// Counts the readings, so that one change is read once however many decisions notice it.
        var generation = 0
        var reading: Task<Void, Never>?
    }

    /// A built-in rule, parsed.
    private struct DefaultRule {
        var name: String
        var check: Check
    }

    /// - Parameters:
    ///   - defaults: the rules built into the service.
    ///   - policyFiles: absolute paths where the override file may be; the first that exists counts, at any time.
    ///   - policyDirectories: directories of further files, read in sorted order; for each the paths where it may be.
    ///   - enforceNewDefaults: when false each rule also passes by its deprecated default.
    ///   - defaultRule: rule that stands in for unknown ones.
    ///   - remoteCheck: performs `http:` and `https:` checks; nil makes them fail.
    /// - Throws: ``PolicyError`` when a file cannot be parsed or rules refer to each other in a circle.
    public init(
        defaults: [RuleDefault], policyFiles: [String], policyDirectories: [[String]], enforceNewDefaults: Bool,
        defaultRule: String = "default", remoteCheck: RemoteCheck? = nil, logger: Logger
    ) throws(PolicyError) {
        var parsed: [DefaultRule] = []
        for rule in defaults {
            do {
                var check = try CheckParser.parse(rule.check)
                if !enforceNewDefaults, let deprecated = rule.deprecatedCheck, deprecated != rule.check {
                    check = .any([check, try CheckParser.parse(deprecated)])
                }
                parsed.append(DefaultRule(name: rule.name, check: check))
            } catch {
                throw .badRule(name: rule.name, reason: error.reason)
            }
        }
        self.defaults = parsed
        scopes = Dictionary(defaults.lazy.filter { !$0.scopes.isEmpty }.map { ($0.name, $0.scopes) }) { $1 }
        self.defaultRule = defaultRule
        self.policyFiles = policyFiles
        self.policyDirectories = policyDirectories
        self.remoteCheck = remoteCheck
        self.logger = logger
        let files = PolicyFiles(files: policyFiles, directories: policyDirectories)
        let rules = try Self.rules(parsed, overriddenBy: files, defaultRule: defaultRule)
        state = Mutex(State(rules: rules, files: files))
    }

    /// With one place for the file and for each directory.
    public convenience init(
        defaults: [RuleDefault], policyFile: String?, policyDirectories: [String], enforceNewDefaults: Bool,
        defaultRule: String = "default", remoteCheck: RemoteCheck? = nil, logger: Logger
    ) throws(PolicyError) {
        try self.init(
            defaults: defaults, policyFiles: policyFile.map { [$0] } ?? [],
            policyDirectories: policyDirectories.map { [$0] }, enforceNewDefaults: enforceNewDefaults,
            defaultRule: defaultRule, remoteCheck: remoteCheck, logger: logger)
    }

    /// Whether `rule` lets `credentials` act on `target`: the scope of their token must be one that the rule is for.
    ///
    /// - Parameter rules: to decide by, for many decisions of one request; nil takes the current ones.
    public func allows(
        _ rule: String, target: PolicyTarget, credentials: PolicyCredentials, by rules: RuleSet? = nil
    ) async -> Bool {
        if let scopes = scopes[rule], !scopes.contains(TokenScope(credentials)) { return false }
        let check = if let rules { rules[rule] } else { await currentRules()[rule] }
        var facts = PolicyFacts(target: target, credentials: credentials)
        while true {
            do throws(RemoteQuestion) {
                return try check.holds(facts)
            } catch {
                facts.answers[error.url] = await ask(error.url, rule: rule, facts)
            }
        }
    }

    private func ask(_ url: String, rule: String, _ facts: PolicyFacts) async -> Bool {
        guard let remoteCheck else { return false }
        do {
            return try await remoteCheck(url, rule, facts.target, facts.credentials)
        } catch {
            logger.error(
                "Remote policy check failed, which counts as a refusal",
                metadata: [
                    "rule": "\(rule)", "url": "\(url)", "error": "\(error)",
                ])
            return false
        }
    }

    /// The rules, after reading the files anew if one of them changed; looks at each of the files. One that became unreadable
    /// or wrong keeps the last good rules and is logged.
    public func currentRules() async -> RuleSet { await rules(asOf: .now) }

    /// The same with all that had changed until a moment that has been: does not look at the files if somebody has done so since.
    public func rules(asOf moment: ContinuousClock.Instant) async -> RuleSet {
        let (rules, files, seen, generation) = state.withLock { ($0.rules, $0.files, $0.seen, $0.generation) }
        if let seen, seen >= moment { return rules }
        let now = ContinuousClock.now
        if files.areCurrent {
            state.withLock { state in
                if state.generation == generation { state.seen = state.seen.map { max($0, now) } ?? now }
            }
            return rules
        }
        await reading(after: generation)?.value
        return state.withLock { $0.rules }
    }

    /// The reading under way, or a new one, unless somebody has read the files since `generation`.
    private func reading(after generation: Int) -> Task<Void, Never>? {
        state.withLock { state in
            if state.reading == nil, state.generation == generation {
                state.reading = Task.detached { await self.read() }
            }
            return state.reading
        }
    }

    private func read() async {
        // Files are read on a thread that may block.
        let (files, result) = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [self] in
                let files = PolicyFiles(files: policyFiles, directories: policyDirectories)
                let result = Result { () throws(PolicyError) in
                    try Self.rules(defaults, overriddenBy: files, defaultRule: defaultRule)
                }
                continuation.resume(returning: (files, result))
            }
        }
        state.withLock { state in
            state.files = files
            state.seen = nil
            state.generation += 1
            state.reading = nil
            if case .success(let rules) = result { state.rules = rules }
        }
        switch result {
        case .success: logger.info("Policy files changed and were read anew")
        case .failure(let error): logger.error("Policy files changed but the old rules stay: \(error)")
        }
    }

    private static func rules(
        _ defaults: [DefaultRule], overriddenBy files: PolicyFiles, defaultRule: String
    ) throws(PolicyError) -> RuleSet {
        var rules: [String: Check] = [:]
        for rule in defaults { rules[rule.name] = rule.check }
        rules.merge(try files.rules()) { $1 }
        return try RuleSet(rules, defaultRule: defaultRule)
    }
}
