import Events
import Identity
public import ImageDatabase
public import Logging
public import NIOCore
public import OsloConfig

/// What the workers ask before they let a project grow. Limits come from the mirror in the database, which Keystone is
/// asked to complete first; usage is counted there.
public struct ProjectLimits: Sendable {
    private let database: ImageDatabase
    private let queue = ProjectQueue()
    private let logger: Logger
    /// Nil where the mirror counts alone.
    private let inquiry: LimitInquiry?
    /// An upload of unknown size ends where the limit is.
    private let isExact: Bool

    /// What `[oslo_limit]` says.
    ///
    /// - Throws: `ConfigurationError` when it lacks something.
    public init(
        configuration: Configuration, database: ImageDatabase, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(ConfigurationError) {
        guard configuration[Options.OsloLimit.askOnClaim] else {
            self.init(database: database, logger: logger, isExact: configuration[Options.OsloLimit.exactSize])
            return
        }
        let timeout = try Self.timeout(configuration)
        do throws(IdentityError) {
            var settings = try KeystoneSettings(limits: configuration)
            // Who waits has no time for a second try, but for a connection that Keystone has closed meanwhile.
            settings.maxRetries = min(settings.maxRetries, 1)
            settings.retryDelay = .zero
            settings.statusRetries.count = 0
            settings.timeout = max(1, Int(timeout.rounded(.up)))
            let session = try KeystoneSession(settings: settings, eventLoopGroup: eventLoopGroup, logger: logger)
            let reader = LimitReader(session: session, endpoint: try LimitReader.EndpointReference(configuration))
            let inquiry = LimitInquiry(
                reader: reader, database: database, deadline: .seconds(timeout),
                catalogTime: .seconds(configuration[Options.OsloLimit.refreshInterval]), logger: logger)
            inquiry.prepare()
            self.init(
                database: database, logger: logger, inquiry: inquiry,
                isExact: configuration[Options.OsloLimit.exactSize])
        } catch {
            throw ConfigurationError("\(error)")
        }
    }

    /// Seconds that a question may take.
    ///
    /// - Throws: `ConfigurationError` when it is not a time to wait.
    static func timeout(_ configuration: Configuration) throws(ConfigurationError) -> Double {
        let timeout = configuration[Options.OsloLimit.askTimeout]
        guard timeout > 0, timeout <= 60 else {
            throw ConfigurationError("[oslo_limit] ask_timeout: \(timeout) isn't more than 0 and at most 60 seconds")
        }
        return timeout
    }

    /// Limits by the mirror alone, unless there is an `inquiry`.
    init(database: ImageDatabase, logger: Logger, inquiry: LimitInquiry? = nil, isExact: Bool = false) {
        self.database = database
        self.isExact = isExact
        self.logger = logger
        self.inquiry = inquiry
    }

    /// Runs a change that makes `claim` in its own transaction, checked by the limits that Keystone has now.
    ///
    /// - Throws: ``LimitError``, and what `change` throws.
    public func claiming<Result>(
        _ claim: LimitClaim, _ change: (LimitClaim) async throws(DatabaseError) -> Result
    ) async throws -> Result {
        await inquiry?.ask(about: claim.projectID)
        do {
            return try await onceKnown { () async throws(DatabaseError) in
                try await queue.run(claim.projectID) { () async throws(DatabaseError) in try await change(claim) }
            }
        } catch {
            throw await explain(error, claim)
        }
    }

    /// Refuses what would pass a limit, though nothing is changed yet.
    ///
    /// - Throws: ``LimitError``, `DatabaseError`.
    public func check(_ claim: LimitClaim) async throws {
        try await claiming(claim) { claim throws(DatabaseError) in try await database.limits.check(claim) }
    }

    /// Begins an upload into an image of `project`.
    ///
    /// - Parameter size: bytes to come; all of them are claimed. Nil when unknown: the claim grows with the upload.
    /// - Throws: ``LimitError``, and what ``ImageDatabase/beginUpload(_:claim:)`` throws.
    public func beginUpload(
        _ upload: UploadRecord, ofProject project: String, size: Int64?
    ) async throws -> UploadAllowance {
        var claim = LimitClaim(projectID: project, amounts: [.imageCountUploading: 1])
        claim.amounts[.imageSizeTotal] = size
        let claimed = try await claiming(claim) { _ throws(DatabaseError) in
            try await database.uploads.begin(
                upload,
                claim: UploadClaim(
                    projectID: project, size: size.map { .known($0) } ?? .unknown(step: UploadAllowance.firstStep)))
        }
        return UploadAllowance(limits: self, upload: upload, project: project, claimed: claimed ?? 0)
    }

    /// Lets a running upload grow to `size` bytes, at least, by the limits that are known: Keystone was asked when it began.
    ///
    /// Nobody knows how long it will be. So the one that reaches the limit may go on to its end, as with oslo.limit, while
    /// all others of the project are refused; or it ends there, with `[oslo_limit] exact_size`.
    ///
    /// - Returns: bytes that it may have now.
    func extend(_ allowance: UploadAllowance, from claimed: Int64, to size: Int64) async throws -> Int64 {
        let wanted = min(max(claimed, UploadAllowance.firstStep), UploadAllowance.longestStep)
        let need = size - claimed
        let granted: ClaimedBytes
        do {
            granted = try await queue.run(allowance.project) { () async throws(DatabaseError) in
                try await database.limits.extendClaim(
                    of: allowance.upload, projectID: allowance.project, by: max(wanted, need), need: need,
                    mayPass: !isExact)
            }
        } catch {
            throw await explain(error, LimitClaim(projectID: allowance.project, amounts: [:]))
        }
        if granted.bytes >= size { return granted.isPastLimit ? .max : granted.bytes }
        throw await explain(
            .limitReached, LimitClaim(projectID: allowance.project, amounts: [.imageSizeTotal: size - granted.bytes]))
    }

    /// Limit and usage of every resource for a project (`GET /v2/info/usage`).
    ///
    /// - Throws: ``LimitError/unknown(_:)``, `DatabaseError`.
    public func usage(ofProject project: String) async throws -> [LimitUsage] {
        await inquiry?.ask(about: project)
        do {
            return try await onceKnown { () async throws(DatabaseError) in
                try await database.limits.usage(ofProject: project)
            }
        } catch {
            throw await explain(error, LimitClaim(projectID: project, amounts: [:]))
        }
    }

    /// Right after the first start of all, requests may come before the limits: they wait a moment.
    private func onceKnown<Result>(
        _ work: () async throws(DatabaseError) -> Result
    ) async throws(DatabaseError) -> Result {
        let end = ContinuousClock.now + Self.longestWait
        while true {
            do {
                return try await work()
            } catch {
                guard error == .limitsUnknown, ContinuousClock.now < end, !Task.isCancelled else { throw error }
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private static let longestWait: Duration = .seconds(3)

    // MARK: Refusals

    private func explain(_ error: DatabaseError, _ claim: LimitClaim) async -> any Error {
        switch error {
        case .limitReached: LimitError.exceeded(await refusal(of: claim))
        case .limitsUnknown: LimitError.unknown(Self.unknownLimits)
        default: error
        }
    }

    static let unknownLimits =
        "The limits of projects are not known yet, because Keystone could not be asked for them since this service was set up."

    /// Says which limit a claim would exceed. Usage is read anew, and may have shrunk since the claim was refused.
    private func refusal(of claim: LimitClaim) async -> String {
        var infos: [String] = []
        for resource in LimitedResource.allCases {
            guard let amount = claim.amounts[resource] else { continue }
            let scopes = (try? await database.limits.scopes(of: resource, project: claim.projectID)) ?? []
            for (scope, usage) in scopes
            where usage.limit >= 0 && usage.used + amount > usage.limit * resource.unit {
                let used = Self.roundedUp(usage.used, resource)
                let delta = Self.roundedUp(amount, resource)
                let place = scope == claim.projectID ? "" : " (limit of its domain \(scope))"
                infos.append(
                    "Resource \(resource.rawValue) is over limit of \(usage.limit) due to current usage \(used) "
                        + "and delta \(delta)\(place)")
                logExceeded(claim.projectID, resource, scope, usage, amount)
            }
        }
        if infos.isEmpty {
            infos = LimitedResource.allCases.filter { claim.amounts[$0] != nil }.map {
                "Resource \($0.rawValue) was over its limit"
            }
            logger.log(
                .limitExceeded, "a project reached a limit",
                metadata: [
                    "project_id": "\(claim.projectID)", "resource_name": "\(claim.amounts.keys.map(\.rawValue))",
                ])
        }
        return "Project \(claim.projectID) is over a limit for [\(infos.joined(separator: ", "))]"
    }

    private func logExceeded(
        _ project: String, _ resource: LimitedResource, _ scope: String, _ usage: LimitUsage, _ amount: Int64
    ) {
        logger.log(
            .limitExceeded, "a project reached its limit of \(resource.rawValue)",
            metadata: [
                "project_id": "\(project)", "resource_name": "\(resource.rawValue)", "limit": "\(usage.limit)",
                "usage": "\(usage.used)", "delta": "\(amount)", "scope": "\(scope)",
            ])
    }

    /// Rounded up, so that the numbers show why a claim was refused that exceeds a limit by a byte.
    private static func roundedUp(_ amount: Int64, _ resource: LimitedResource) -> Int64 {
        let (quotient, rest) = amount.quotientAndRemainder(dividingBy: resource.unit)
        return quotient + (rest > 0 ? 1 : 0)
    }
}
