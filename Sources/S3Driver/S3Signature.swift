import Cryptography
import TextCoding

/// AWS Signature Version 4, as S3 wants it (*Authenticating Requests: Using the Authorization Header* in the Amazon S3 API
/// Reference).
struct S3Signature {
    static let algorithm = "AWS4-HMAC-SHA256"
    /// Hash of an empty payload.
    static let emptyPayload = Hexadecimal.text(Digest.sha256(""))

    var credentials: S3Credentials
    var region: String
    var service = "s3"
    var time: Timestamp

    /// `20130524T000000Z`.
    var timeText: String { time.iso8601.filter { $0 != "-" && $0 != ":" } }
    private var scope: String { "\(timeText.prefix(8))/\(region)/\(service)/aws4_request" }

    /// The value of the field `Authorization`. It ends with the signature.
    ///
    /// - Parameters:
    ///   - path: encoded as it is sent.
    ///   - query: names and values, not encoded.
    ///   - headers: all that are to be signed, `host` and `x-amz-date` among them.
    ///   - payload: `x-amz-content-sha256`.
    func authorization(
        method: String, path: String, query: [(name: String, value: String)],
        headers: [(name: String, value: String)], payload: String
    ) -> String {
        let headers = headers.map { (name: $0.name.lowercased(), value: Self.trimmed($0.value)) }
            .sorted { $0.name < $1.name }
        let names = headers.map(\.name).joined(separator: ";")
        let request = [
            method, path, Self.text(ofQuery: query),
            headers.map { "\($0.name):\($0.value)\n" }.joined(), names, payload,
        ].joined(separator: "\n")
        let signed = [Self.algorithm, timeText, scope, Hexadecimal.text(Digest.sha256(request))]
            .joined(separator: "\n")
        let signature = Hexadecimal.text(MessageAuthentication.code(Array(signed.utf8), key: key))
        return "\(Self.algorithm) Credential=\(credentials.accessKey)/\(scope),SignedHeaders=\(names),"
            + "Signature=\(signature)"
    }

    /// For the pieces of a body that is sent as it comes.
    ///
    /// - Parameter authorization: of the request.
    func chunks(after authorization: String) -> S3ChunkSignature {
        S3ChunkSignature(
            seed: String(authorization.suffix(2 * MessageAuthentication.length)), key: key, time: timeText, scope: scope
        )
    }

    /// The query as it is signed and sent: encoded, in the order of the encoded names.
    static func text(ofQuery query: [(name: String, value: String)]) -> String {
        query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    private var key: [UInt8] {
        var key = Array("AWS4\(credentials.secretKey)".utf8)
        for part in [String(timeText.prefix(8)), region, service, "aws4_request"] {
            key = MessageAuthentication.code(Array(part.utf8), key: key)
        }
        return key
    }

    /// Without blanks around, and one for each run inside.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}
