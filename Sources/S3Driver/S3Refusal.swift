import NIOCore
import NIOHTTP1
import TextCoding
import XML

/// An answer that is no success, and what it tells by which the request could succeed.
struct S3Refusal {
    var status: Int
    /// The service's word for it; empty where there is no body.
    var code = ""
    /// The region that it names.
    private var region: String?
    /// Its own time.
    var time: Timestamp?

    init(status: Int, headers: HTTPHeaders, body: ByteBuffer) {
        self.status = status
        let error = try? XMLElement(document: body.readableBytesView)
        if let error, error.name == "Error" {
            code = error["Code"]?.text ?? ""
            region = error["Region"]?.text
        }
        region = headers.first(name: "x-amz-bucket-region") ?? region
        time = headers.first(name: "Date").flatMap(Self.time(httpDate:))
    }

    /// The region to sign for instead, where the service says that the request was for another one.
    func region(signedFor used: String) -> String? {
        guard let region, !region.isEmpty, region != used, region.utf8.count <= 64,
            [301, 307].contains(status) || code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect"
                || code == "IllegalLocationConstraintException" || (status == 400 && code.isEmpty)
        else { return nil }
        return region
    }

    /// Whether other credentials of the same source may do.
    var saysCredentialsAreOld: Bool {
        ["ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId", "SignatureDoesNotMatch"]
            .contains(code) || (code.isEmpty && (status == 403 || status == 400))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
    static func time(httpDate text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, let month = months.firstIndex(of: String(parts[2])), parts[5] == "GMT" else {
            return nil
        }
        let number = month + 1
        return Timestamp("\(parts[3])-\(number < 10 ? "0" : "")\(number)-\(parts[1])T\(parts[4])Z")
    }
}
