import Identity
import ImageStore
import JSON
import Logging
import NIOCore
import NIOHTTP1
import OutgoingHTTP
import TextCoding

/// Makes calls of the Block Storage API (v3, microversion 3.54), with the credentials of the store or the token of a user.
final class CinderClient: Sendable {
    private let settings: CinderSettings
    private let http: OutgoingHTTPClient
    private let session: KeystoneSession?

    private static let answerLimit = 32 << 20

    /// Reads the file with certificates of authorities. Blocks.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)``.
    init(
        settings: CinderSettings, store: String, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(StoreError) {
        self.settings = settings
        do throws(OutgoingHTTPError) {
            http = OutgoingHTTPClient(tls: try LoadedTLS(settings.tls), eventLoopGroup: eventLoopGroup)
        } catch {
            throw .badConfiguration("store \(store): cinder_ca_certificates_file: \(error)")
        }
        do throws(IdentityError) {
            session = try settings.account.map { account throws(IdentityError) in
                try KeystoneSession(settings: account, eventLoopGroup: eventLoopGroup, logger: logger)
            }
        } catch {
            throw .badConfiguration("store \(store): cinder_store_auth_address: \(error)")
        }
    }

    func shutdown() async {
        await session?.shutdown()
        await http.shutdown()
    }

    /// Whether calls can be made without a user.
    var hasAccount: Bool { session != nil }

    /// Makes a call. Once sent, it is not given up because the task that wanted it is cancelled.
    ///
    /// - Parameter path: below the project's address, with the query.
    @discardableResult
    func call(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil, context: StoreContext
    ) async throws(CinderError) -> JSONValue? {
        let running = Task { () async -> Result<JSONValue?, CinderError> in
            do throws(CinderError) {
                return .success(try await self.attempts(method, path, body, context))
            } catch {
                return .failure(error)
            }
        }
        return try await running.value.get()
    }

    private func attempts(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue?, _ context: StoreContext
    ) async throws(CinderError) -> JSONValue? {
        var pause = Duration.milliseconds(100)
        var failures = 0
        var isRenewed = false
        while true {
            let access = try await access(context)
            do throws(CinderError) {
                return try await send(method, access.endpoint + path, body, access.token, context)
            } catch {
                if case .refused(401, _) = error, let own = access.own, !isRenewed {
                    session?.forget(own)
                    isRenewed = true
                    continue
                }
                guard failures < settings.retries, Self.mayRepeat(error, method) else { throw error }
                failures += 1
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    private static func mayRepeat(_ error: CinderError, _ method: HTTPMethod) -> Bool {
        switch error {
        case .http(.noConnection), .http(.unresolvable), .refused(503, _): true
        case .http(.brokenOff): method != .POST
        case .http, .identity, .refused, .unreadable: false
        }
    }

    private func access(
        _ context: StoreContext
    ) async throws(CinderError) -> (token: String, endpoint: String, own: KeystoneSession.Access?) {
        if let session {
            let access: KeystoneSession.Access
            do throws(IdentityError) {
                access = try await session.access()
            } catch {
                throw .identity("\(error)")
            }
            return (access.token, try endpoint(access.catalog), access)
        }
        guard let user = context.user else {
            throw .identity(
                "there is nobody whose volumes these could be: set cinder_store_auth_address, cinder_store_user_name, "
                    + "cinder_store_password and cinder_store_project_name")
        }
        if let template = settings.endpointTemplate {
            var url = template
            for name in ["tenant_id", "project_id", "tenant"] {
                url = url.replacing("%(\(name))s", with: user.projectID ?? "")
            }
            while url.hasSuffix("/") { url.removeLast() }
            return (user.token, url, nil)
        }
        guard let catalog = user.serviceCatalog.flatMap({ ServiceCatalog($0) }) else {
            throw .identity("the user's token has no service catalog")
        }
        return (user.token, try endpoint(catalog), nil)
    }

    private func endpoint(_ catalog: ServiceCatalog) throws(CinderError) -> String {
        guard
            let url = catalog.endpoint(
                of: settings.serviceType, region: settings.region, interface: settings.interface)
        else { throw .identity("the service catalog has no \(settings.serviceType) that cinder_catalog_info asks for") }
        return url
    }

    private func send(
        _ method: HTTPMethod, _ url: String, _ body: JSONValue?, _ token: String, _ context: StoreContext
    ) async throws(CinderError) -> JSONValue? {
        var request = OutgoingRequest(
            method, url,
            headers: ["Accept": "application/json", "X-Auth-Token": token, "OpenStack-API-Version": "volume 3.54"])
        request.requestID = context.requestID
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: JSONWriter.text(of: body)))
        }
        let status: Int
        let bytes: ByteBuffer
        do throws(OutgoingHTTPError) {
            let response = try await http.send(request)
            status = Int(response.status.code)
            bytes = try await response.collect(upTo: Self.answerLimit)
        } catch {
            throw .http(error)
        }
        let document = try? JSONValue.parse(bytes.readableBytesView)
        guard (200..<300).contains(status) else { throw CinderError(status: status, body: document) }
        return document
    }
}
