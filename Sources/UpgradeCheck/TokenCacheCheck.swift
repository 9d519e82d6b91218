import Identity
import ImageAPI
import OsloConfig

/// Whether every memcached answers. The service goes on without them, at the cost of more questions to Keystone.
struct TokenCacheCheck: Check {
    let name = CheckName.tokenCache
    let configuration: Configuration

    func run() async -> [Finding] {
        guard (try? Pipeline(configuration: configuration))?.usesKeystone == true else {
            return [.success("no tokens are validated")]
        }
        do {
            guard let check = try MemcachedCheck(configuration: configuration, logger: .silent) else {
                return [.success("no memcached is used; every worker process keeps tokens for itself")]
            }
            return await check.run().map { server, fault in
                fault.map { .warning("memcached \(server) does not answer: \($0)") }
                    ?? .success("memcached \(server) answers")
            }
        } catch {
            return [.failure("\(error)", .configFileValueError)]
        }
    }
}
