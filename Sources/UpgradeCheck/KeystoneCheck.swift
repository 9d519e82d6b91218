import Identity
import ImageAPI
import JSON
import NIOPosix
import OsloConfig

/// Whether Keystone answers, takes the service's credentials, and tells clients about this service.
struct KeystoneCheck: Check {
    let name = CheckName.keystone
    let configuration: Configuration

    func run() async -> [Finding] {
        guard let pipeline = try? Pipeline(configuration: configuration) else {
            return [.warning("not checked, because the pipeline cannot be read")]
        }
        guard pipeline.usesKeystone else { return [.success("the flavor does not use it")] }
        do {
            var settings = try KeystoneSettings(configuration)
            // One answer is wanted, soon.
            settings.maxRetries = 0
            settings.timeout = min(settings.timeout ?? 4, 4)
            let session = try KeystoneSession(
                settings: settings, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: .silent)
            let finding = await finding(session, at: settings.authURL)
            await session.shutdown()
            return [finding]
        } catch {
            return [.failure("\(error)", .configFileValueError)]
        }
    }

    private func finding(_ session: KeystoneSession, at url: String) async -> Finding {
        do throws(IdentityError) {
            let answer = try await session.get("/auth/catalog")
            guard answer.status == 200 else {
                return .failure("Keystone at \(url) answered \(answer.status) when asked for the catalog")
            }
            let services = (try? JSONValue.parse(answer.body))?.objectValue?["catalog"]?.arrayValue ?? []
            let isListed = services.contains { $0.objectValue?["type"]?.stringValue == "image" }
            return isListed
                ? .success("Keystone at \(url) takes the service's credentials")
                : .warning(
                    "Keystone at \(url) takes the service's credentials, but its catalog has no image service for clients; "
                        + "run: openstack service create --name glance image, and create its endpoints")
        } catch {
            return .failure(error.description.contains(url) ? error.description : "\(error) (at \(url))")
        }
    }
}
