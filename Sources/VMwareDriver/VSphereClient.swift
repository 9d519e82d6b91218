import ImageStore
import NIOCore
import NIOHTTP1
import OutgoingHTTP
import Synchronization
import TextCoding
import XML

/// Talks to a vCenter or an ESX host: calls of its API by SOAP (vSphere Web Services), and requests for the files of datastores.
///
/// Logs in when that is needed, and again when the session has ended. Once sent, a call is not given up because the task that
/// wanted it is cancelled.
final class VSphereClient: Sendable {
    private let server: VSphereAddress
    private let user: String
    private let password: String
    private let retries: Int
    private let taskPollInterval: Duration
    private let http: OutgoingHTTPClient
    private let session = VSphereSession()
    private let lastUse = Mutex(ContinuousClock.now)

    /// Bytes of an answer to a call.
    private static let answerLimit = 16 << 20
    /// After so long a call is not made again: each attempt at a server that hangs takes ten seconds.
    private static let longestTrial = Duration.seconds(30)
    /// How long a session may go unused before a transfer makes a call to keep it; servers end sessions after 30 minutes.
    private static let keepAliveInterval = Duration.seconds(300)
    /// A version that all servers since vSphere 6.0 know.
    private static let action = "\"urn:vim25/6.0\""

    init(settings: VMwareSettings, tls: LoadedTLS, eventLoopGroup: any EventLoopGroup) {
        server = settings.server
        user = settings.user
        password = settings.password
        retries = settings.retries
        taskPollInterval = settings.taskPollInterval
        var limits = OutgoingHTTPSettings()
        // Each transfer has a connection for as long as it takes, and the calls must not wait for one.
        limits.connectionsPerServer = 512
        http = OutgoingHTTPClient(limits, tls: tls, eventLoopGroup: eventLoopGroup)
    }

    /// Ends the session and the connections.
    func shutdown() async {
        if let login = await session.end() {
            // Best effort: a session that nobody ends ends by itself.
            _ = try? await post(
                "<Logout xmlns=\"urn:vim25\">\(login.service.sessionManager.element("_this"))</Logout>",
                cookie: login.cookie)
        }
        await http.shutdown()
    }

    // MARK: Calls

    /// Makes a call, again after failures that were before it. Result is the answer's element.
    ///
    /// - Parameters:
    ///   - object: that the call is made on.
    ///   - parameters: elements.
    ///   - isRepeatable: whether a call that may have been carried out can be made again.
    ///   - check: looks for what else is a fault in an answer.
    func call(
        _ method: String, on object: @Sendable @escaping (VSphereLogin.ServiceContent) -> ManagedObject,
        _ parameters: String = "", isRepeatable: Bool = true,
        check: @Sendable @escaping (XMLElement) throws(VSphereError) -> Void = { _ in }
    ) async throws(VSphereError) -> XMLElement {
        try await retrying(isRepeatable: isRepeatable) { [self] login throws(VSphereError) in
            let this = object(login.service).element("_this")
            let answer = try await post(
                "<\(method) xmlns=\"urn:vim25\">\(this)\(parameters)</\(method)>", cookie: login.cookie
            ).answer
            try check(answer)
            return answer
        }
    }

    /// Properties of objects of one type.
    func properties(
        of objects: [ManagedObject], _ names: [String]
    ) async throws(VSphereError) -> [ManagedObject: [String: XMLElement]] {
        guard let type = objects.first?.type else { return [:] }
        let paths = names.map { "<pathSet>\($0)</pathSet>" }.joined()
        let wanted = objects.map { "<objectSet>\($0.element("obj"))</objectSet>" }.joined()
        let answer = try await call(
            "RetrieveProperties", on: { $0.propertyCollector },
            "<specSet><propSet><type>\(type)</type>\(paths)</propSet>\(wanted)</specSet>",
            check: Self.checkProperties)
        var found: [ManagedObject: [String: XMLElement]] = [:]
        for content in answer.all("returnval") {
            guard let object = ManagedObject(content["obj"]) else { continue }
            for property in content.all("propSet") {
                if let name = property["name"]?.text, let value = property["val"] {
                    found[object, default: [:]][name] = value
                }
            }
        }
        return found
    }

    /// A session that has ended is no fault of this call: it finds nothing, or says of each property why it has none.
    private static func checkProperties(_ answer: XMLElement) throws(VSphereError) {
        let contents = answer.all("returnval")
        guard !contents.isEmpty else { throw .notAuthenticated }
        for missing in contents.flatMap({ $0.all("missingSet") }) {
            if let type = missing["fault"]?["fault"]?.schemaType { throw .fault(type) }
        }
    }

    /// Makes a call that begins a task, and waits for its end.
    ///
    /// - Returns: the task's result, where it has one.
    @discardableResult
    func task(
        _ method: String, on object: @Sendable @escaping (VSphereLogin.ServiceContent) -> ManagedObject,
        _ parameters: String, isRepeatable: Bool = false
    ) async throws(VSphereError) -> XMLElement? {
        let begun = try await call(method, on: object, parameters, isRepeatable: isRepeatable)
        guard let task = ManagedObject(begun["returnval"]) else { throw .unreadable }
        var pause = Duration.milliseconds(5)
        while true {
            let info: XMLElement?
            do throws(VSphereError) {
                info = try await properties(of: [task], ["info"])[task]?["info"]
            } catch {
                // A server that was started again knows nothing of the task, nor we of its end.
                throw error == .objectNotFound ? .unreadable : error
            }
            switch info?["state"]?.text {
            case "success": return info?["result"]
            case "error":
                guard let error = info?["error"] else { throw .unreadable }
                throw VSphereError(task: error)
            case "queued", "running": break
            default: throw .unreadable
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, taskPollInterval)
        }
    }

    /// The server's clock.
    func currentTime() async throws(VSphereError) -> Timestamp {
        let answer = try await call("CurrentTime", on: { _ in Self.serviceInstance })
        guard let text = answer["returnval"]?.text, let time = Timestamp(dateTime: text) else { throw .unreadable }
        return time
    }

    /// Called by long transfers now and then, so that the session is still there at their end.
    func keepAlive() async {
        guard lastUse.withLock({ ContinuousClock.now - $0 > Self.keepAliveInterval }) else { return }
        _ = try? await currentTime()
    }

    // MARK: Files

    /// Sends a request for a file of a datastore.
    ///
    /// - Parameter path: percent-encoded, with the query.
    func send(
        _ method: HTTPMethod, file path: String, headers: HTTPHeaders = [:], body: OutgoingRequest.Body = .none
    ) async throws(VSphereError) -> OutgoingResponse {
        let url = "https://\(server.authority)\(path)"
        let isStream = if case .stream = body { true } else { false }
        return try await retrying(isRepeatable: !isStream) { [self] login throws(VSphereError) in
            var request = OutgoingRequest(method, url, headers: headers, body: body)
            request.headers.add(name: "Cookie", value: login.cookie)
            let response: OutgoingResponse
            do throws(OutgoingHTTPError) {
                response = try await http.send(request)
            } catch {
                throw .http(error)
            }
            used()
            // What has been taken from a stream is gone, so these are the caller's then.
            if response.status == .unauthorized, !isStream { throw .notAuthenticated }
            if response.status == .serviceUnavailable, !isStream { throw .status(503) }
            return response
        }
    }

    // MARK: Sessions and retries

    private static let serviceInstance = ManagedObject("ServiceInstance", "ServiceInstance")

    private func used() { lastUse.withLock { $0 = .now } }

    private func retrying<Value: Sendable>(
        isRepeatable: Bool, _ attempt: @escaping @Sendable (VSphereLogin) async throws(VSphereError) -> Value
    ) async throws(VSphereError) -> Value {
        // A task of its own, which nobody cancels.
        let running = Task { () async -> Result<Value, VSphereError> in
            do throws(VSphereError) {
                return .success(try await self.attempts(isRepeatable: isRepeatable, attempt))
            } catch {
                return .failure(error)
            }
        }
        return try await running.value.get()
    }

    private func attempts<Value: Sendable>(
        isRepeatable: Bool, _ attempt: @Sendable (VSphereLogin) async throws(VSphereError) -> Value
    ) async throws(VSphereError) -> Value {
        var pause = Duration.milliseconds(100)
        var failures = 0
        let start = ContinuousClock.now
        var refused: VSphereLogin?
        while true {
            var login: VSphereLogin?
            do throws(VSphereError) {
                let granted = try await session.login(insteadOf: refused) { await self.makeLogin() }
                login = granted
                return try await attempt(granted)
            } catch {
                // A session may have ended; a new one has not, unless the server has been started again just now.
                if error == .notAuthenticated, refused == nil, let login {
                    refused = login
                    continue
                }
                // Without a login nothing has been sent.
                let mayRepeat = error.isBeforeTheCall || (error == .http(.brokenOff) && (isRepeatable || login == nil))
                guard mayRepeat, failures < retries, .now - start < Self.longestTrial else { throw error }
                failures += 1
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    private func makeLogin() async -> VSphereSession.Outcome {
        do throws(VSphereError) {
            let content = try await post(
                "<RetrieveServiceContent xmlns=\"urn:vim25\">\(Self.serviceInstance.element("_this"))"
                    + "</RetrieveServiceContent>", cookie: nil
            ).answer
            guard let service = VSphereLogin.ServiceContent(content["returnval"]) else { throw .unreadable }
            let login = try await post(
                "<Login xmlns=\"urn:vim25\">\(service.sessionManager.element("_this"))"
                    + "<userName>\(XMLText.escape(user))</userName><password>\(XMLText.escape(password))</password></Login>",
                cookie: nil)
            guard let cookie = login.cookie else { throw .unreadable }
            return .success(VSphereLogin(cookie: cookie, service: service))
        } catch {
            return .failure(error)
        }
    }

    /// Sends an envelope.
    ///
    /// - Returns: the element of the answer, and the session's cookie if the server has set one.
    private func post(
        _ body: String, cookie: String?
    ) async throws(VSphereError) -> (answer: XMLElement, cookie: String?) {
        let envelope =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
            + "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "
            + "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">"
            + "<soapenv:Body>\(body)</soapenv:Body></soapenv:Envelope>"
        var headers: HTTPHeaders = ["Content-Type": "text/xml; charset=utf-8", "SOAPAction": Self.action]
        if let cookie { headers.add(name: "Cookie", value: cookie) }
        let request = OutgoingRequest(
            .POST, "https://\(server.authority)/sdk", headers: headers, body: .bytes(ByteBuffer(string: envelope)))
        let response: OutgoingResponse
        let bytes: ByteBuffer
        do throws(OutgoingHTTPError) {
            response = try await http.send(request)
            bytes = try await response.collect(upTo: Self.answerLimit)
        } catch {
            throw .http(error)
        }
        used()
        guard let document = try? XMLElement(document: bytes.readableBytesView), document.name == "Envelope" else {
            throw response.status == .ok ? .unreadable : .status(Int(response.status.code))
        }
        if let fault = VSphereError(envelope: document) { throw fault }
        guard response.status == .ok, let answer = document["Body"]?.children.first else { throw .unreadable }
        let set = response.headers["Set-Cookie"].first { $0.hasPrefix("vmware_soap_session=") }
        return (answer, set.map { String($0.prefix { $0 != ";" }) })
    }
}

extension Timestamp {
    /// A time of XML Schema, with any number of decimals.
    init?(dateTime text: String) {
        guard let point = text.firstIndex(of: ".") else {
            self.init(text)
            return
        }
        let fraction = text[text.index(after: point)...].prefix { $0.isNumber }
        self.init(text[..<point] + "." + fraction.prefix(6) + text[fraction.endIndex...])
    }
}
