import Cryptography
import ImageStore
import Logging
import NIOCore
import NIOHTTP1
import OutgoingHTTP
import Synchronization
import TextCoding

/// Signs and sends requests, and again where that helps: after a failure that may pass, with the service's own time when the
/// clocks differ, with the region that the service names, and with credentials that have been renewed.
final class S3Client: Sendable {
    /// Longest answer that is not an object's data.
    private static let longestAnswer = 4 << 20
    /// S3 refuses requests whose time differs by more than 15 minutes; from here on its time is taken instead of ours.
    private static let skewToCorrect: Int64 = 240
    /// How often one attempt is repeated with something that the answer has told.
    private static let corrections = 3

    private struct State {
        var endpoint: S3Endpoint
        var region: String
        var credentials: S3Credentials
        /// Seconds that the service's clock is ahead of ours.
        var skew: Int64
    }

    private let http: OutgoingHTTPClient
    private let clock: @Sendable () -> Timestamp
    private let source: S3CredentialSource
    private let state: Mutex<State>

    /// - Parameter clock: ours.
    init(
        settings: S3Settings, credentials: S3Credentials, http: OutgoingHTTPClient,
        clock: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.http = http
        self.clock = clock
        source = settings.credentials
        state = Mutex(
            State(endpoint: settings.endpoint, region: settings.region, credentials: credentials, skew: 0))
    }

    /// The service's time, as far as it is known.
    var now: Timestamp { clock().advanced(bySeconds: state.withLock { $0.skew }) }
    var region: String { state.withLock { $0.region } }

    /// An answer with its whole body.
    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: ByteBuffer
    }

    /// Sends a request whose answer is short. Cancellation of the task does not end it: what is removed or published must
    /// come to its end.
    func send(_ request: S3Request, _ patience: S3Patience = .short) async throws(S3Failure) -> Answer {
        let sending = Task { () async -> Result<Answer, S3Failure> in
            do throws(S3Failure) {
                return .success(try await sendCancellably(request, patience))
            } catch {
                return .failure(error)
            }
        }
        return try await sending.value.get()
    }

    /// The same for what is given up with its task.
    func sendCancellably(_ request: S3Request, _ patience: S3Patience) async throws(S3Failure) -> Answer {
        try await trying(request, patience) { response throws(S3Failure) in
            do throws(OutgoingHTTPError) {
                // What HEAD announces does not come.
                let body =
                    request.method == .HEAD ? ByteBuffer() : try await response.collect(upTo: Self.longestAnswer)
                return Answer(status: Int(response.status.code), headers: response.headers, body: body)
            } catch {
                throw .unreachable(error)
            }
        }
    }

    /// Sends a request whose answer's body is still to be read.
    func open(_ request: S3Request, _ patience: S3Patience = .short) async throws(S3Failure) -> OutgoingResponse {
        try await trying(request, patience) { response throws(S3Failure) in response }
    }

    func shutdown() async { await http.shutdown() }

    private func trying<Value>(
        _ request: S3Request, _ patience: S3Patience,
        _ read: (OutgoingResponse) async throws(S3Failure) -> Value
    ) async throws(S3Failure) -> Value {
        let start = ContinuousClock.now
        var attempt = 1
        while true {
            do throws(S3Failure) {
                return try await correcting(request, read)
            } catch {
                guard error.mayPass, patience.allowsAnother(after: attempt, since: start), !Task.isCancelled else {
                    throw error
                }
            }
            try? await Task.sleep(for: patience.pause(after: attempt))
            attempt += 1
        }
    }

    /// One attempt, and again with what the answer has told: time, region, new credentials.
    private func correcting<Value>(
        _ request: S3Request, _ read: (OutgoingResponse) async throws(S3Failure) -> Value
    ) async throws(S3Failure) -> Value {
        var corrections = 0
        while true {
            let used = state.withLock { $0 }
            let response: OutgoingResponse
            do throws(OutgoingHTTPError) {
                response = try await http.send(outgoing(request, used))
            } catch {
                throw .unreachable(error)
            }
            if (200..<300).contains(response.status.code) { return try await read(response) }
            let body: ByteBuffer
            do throws(OutgoingHTTPError) {
                body = try await response.collect(upTo: Self.longestAnswer)
            } catch {
                // Of a refusal the status is enough.
                body = ByteBuffer()
            }
            let answer = Answer(status: Int(response.status.code), headers: response.headers, body: body)
            let refusal = S3Refusal(status: answer.status, headers: answer.headers, body: body)
            corrections += 1
            guard request.stream == nil, corrections <= Self.corrections, await correct(refusal, request, used) else {
                throw .refused(status: refusal.status, code: refusal.code)
            }
        }
    }

    /// Whether something has changed by which the request may succeed.
    private func correct(_ refusal: S3Refusal, _ request: S3Request, _ used: State) async -> Bool {
        if refusal.status == 403 || refusal.code == "RequestTimeTooSkewed", let theirs = refusal.time {
            let skew = theirs.secondsSince1970 - clock().secondsSince1970
            if abs(skew - used.skew) >= Self.skewToCorrect {
                state.withLock { $0.skew = skew }
                return true
            }
        }
        if let region = refusal.region(signedFor: used.region) { return move(to: region, used) }
        // HEAD tells nothing but that the request is no good; the same for the bucket tells why.
        if request.method == .HEAD, [301, 307, 400].contains(refusal.status) {
            let question = S3Request(.GET, bucket: request.bucket, query: [("max-keys", "1")])
            if let response = try? await http.send(outgoing(question, used)),
                let body = try? await response.collect(upTo: Self.longestAnswer),
                let region = S3Refusal(status: Int(response.status.code), headers: response.headers, body: body)
                    .region(signedFor: used.region)
            {
                return move(to: region, used)
            }
        }
        if refusal.saysCredentialsAreOld, let credentials = source.load(), credentials != used.credentials {
            state.withLock { $0.credentials = credentials }
            return true
        }
        // Somebody else may have learnt it meanwhile.
        return state.withLock { $0.credentials != used.credentials || $0.region != used.region }
    }

    private func move(to region: String, _ used: State) -> Bool {
        state.withLock { state in
            state.region = region
            state.endpoint = used.endpoint.moved(to: region)
        }
        return true
    }

    private func outgoing(_ request: S3Request, _ state: State) -> OutgoingRequest {
        let (authority, path) = state.endpoint.place(bucket: request.bucket, key: request.key)
        let query = S3Signature.text(ofQuery: request.query)
        let hash =
            request.stream != nil
            ? S3ChunkSignature.payload
            : request.bodyHash
                ?? (request.body.readableBytes == 0
                    ? S3Signature.emptyPayload : Hexadecimal.text(Digest.sha256(String(buffer: request.body))))
        let signature = S3Signature(
            credentials: state.credentials, region: state.region, time: clock().advanced(bySeconds: state.skew))
        var headers: [(name: String, value: String)] = [
            ("host", authority), ("x-amz-content-sha256", hash), ("x-amz-date", signature.timeText),
        ]
        if let token = state.credentials.sessionToken { headers.append(("x-amz-security-token", token)) }
        if let stream = request.stream {
            headers += [("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", "\(stream.length)")]
        }
        headers += request.headers
        let authorization = signature.authorization(
            method: request.method.rawValue, path: path, query: request.query, headers: headers, payload: hash)
        var fields = HTTPHeaders(headers.map { ($0.name, $0.value) })
        fields.add(name: "Authorization", value: authorization)
        let scheme = state.endpoint.isSecure ? "https" : "http"
        var outgoing = OutgoingRequest(
            request.method, "\(scheme)://\(authority)\(path)" + (query.isEmpty ? "" : "?\(query)"), headers: fields)
        if let stream = request.stream {
            outgoing.body = .stream(
                length: S3ChunkSignature.length(of: stream.length),
                S3SignedBody(source: stream.source, signature: signature.chunks(after: authorization)))
        } else if request.body.readableBytes > 0 || request.method == .PUT || request.method == .POST {
            outgoing.body = .bytes(request.body)
        }
        return outgoing
    }
}
