import Identity
import ImageDatabase
public import Logging
import NIOPosix
public import OsloConfig
public import Scoreboard

/// Reads the limits from Keystone once, as the limits child would, to see what an operator has to do.
public struct LimitsCheck: Sendable {
    private let reader: LimitReader
    private let session: KeystoneSession
    private let isSystem: Bool

    /// - Throws: `ConfigurationError` when `[oslo_limit]` lacks something.
    public init(configuration: Configuration, logger: Logger) throws(ConfigurationError) {
        _ = try ProjectLimits.timeout(configuration)
        do throws(IdentityError) {
            var settings = try KeystoneSettings(limits: configuration)
            // One answer is wanted, soon.
            settings.maxRetries = 0
            isSystem = settings.scope == .system
            let endpoint = try LimitReader.EndpointReference(configuration)
            session = try KeystoneSession(
                settings: settings, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
            reader = LimitReader(session: session, endpoint: endpoint)
        } catch {
            throw ConfigurationError("\(error)")
        }
    }

    /// What is missing, one line each: registered limits, and the right to read those of projects.
    ///
    /// - Throws: `StartFailure` when Keystone's limits cannot be read.
    public func run() async throws(StartFailure) -> [String] {
        let reading: LimitReader.Reading
        do {
            reading = try await reader.read()
        } catch {
            await session.shutdown()
            throw StartFailure(.runtimeError, "\(error)")
        }
        await session.shutdown()
        let missing = LimitedResource.allCases.filter { reading.mirror.defaults[$0] == nil }
        return missing.map(reading.adviceForMissing)
            + (isSystem
                ? []
                : ["[oslo_limit] system_scope = all is not set, so that Keystone hides the limits of single projects"])
    }
}

extension LimitReader.Reading {
    /// What a registered limit that is missing means, and the command that creates it.
    func adviceForMissing(_ resource: LimitedResource) -> String {
        let region = service.region.map { "--region \($0) " } ?? ""
        let hint =
            elsewhere.contains(resource) ? " There is one for another region or for none; that does not count." : ""
        return """
            Keystone has no registered limit \(resource.rawValue), so it counts as 0 and what needs it is refused with \
            413.\(hint) Create it: openstack registered limit create --service \(service.id) \(region)\
            --default-limit LIMIT \(resource.rawValue)
            """
    }
}
