import ImageStore
import NIOCore
import OutgoingHTTP
import Synchronization

/// Tokens of version 1: those of Swift's TempAuth and of Ceph's gateway.
///
/// Source: OpenStack Object Storage API, "Authentication (tempauth)".
final class TempAuthSession: SwiftSession {
    private struct State {
        var access: SwiftAccess?
        /// When to get another one.
        var renewal = ContinuousClock.now
        var generation = 0
        var login: Task<Result<SwiftAccess, StoreError>, Never>?
    }

    private let account: SwiftAccount
    private let endpoint: String?
    private let margin: Duration
    private let http: OutgoingHTTPClient
    private let state = Mutex(State())

    init(_ account: SwiftAccount, _ settings: SwiftSettings, http: OutgoingHTTPClient) {
        self.account = account
        endpoint = settings.endpoint
        margin = .seconds(settings.renewalMargin)
        self.http = http
    }

    func access() async throws(StoreError) -> SwiftAccess {
        let (known, login) = state.withLock { state -> (SwiftAccess?, Task<Result<SwiftAccess, StoreError>, Never>?) in
            if let access = state.access, state.renewal > .now { return (access, nil) }
            if let login = state.login { return (nil, login) }
            // Everybody who needs a token waits for the same one; it does not end with who came first.
            let login = Task { [self] in
                let result: Result<SwiftAccess, StoreError>
                do throws(StoreError) {
                    result = .success(try await logIn())
                } catch {
                    result = .failure(error)
                }
                self.state.withLock { $0.login = nil }
                return result
            }
            state.login = login
            return (nil, login)
        }
        if let known { return known }
        guard let login else { throw .backend("Swift's authentication was not asked") }
        return try await login.value.get()
    }

    func forget(_ refused: SwiftAccess) async -> Bool {
        state.withLock { if $0.access?.generation == refused.generation { $0.access = nil } }
        return true
    }

    private func logIn() async throws(StoreError) -> SwiftAccess {
        guard case .password(let user, let key) = account.credentials else {
            throw .badConfiguration("version 1 of Swift's authentication has users and keys only")
        }
        let request = OutgoingRequest(
            .GET, account.address, headers: ["X-Auth-User": user, "X-Auth-Key": key], deadline: .seconds(60))
        let answer: OutgoingResponse
        do throws(OutgoingHTTPError) {
            answer = try await http.send(request, retries: .forSwift)
            _ = try await answer.collect(upTo: 1 << 20)
        } catch {
            throw StoreError(error, "Swift's authentication cannot be asked")
        }
        switch answer.status.code {
        case 200..<300: break
        case 401, 403: throw .permissionDenied("Swift's authentication refuses the user and key of the store")
        default: throw .backend("Swift's authentication answers \(answer.status.code)")
        }
        guard let token = answer.headers.first(name: "X-Auth-Token"),
            let url = endpoint ?? answer.headers.first(name: "X-Storage-Url")
        else { throw .backend("Swift's authentication gives no token and no URL of the account") }
        let life = answer.headers.first(name: "X-Auth-Token-Expires").flatMap { Int64($0) } ?? 3600
        return state.withLock { state in
            state.generation += 1
            let access = SwiftAccess(
                storageURL: String(url.trimming { $0 == "/" }), token: token, generation: state.generation)
            state.access = access
            state.renewal = .now + max(.seconds(life) - margin, .seconds(life) / 2)
            return access
        }
    }
}
