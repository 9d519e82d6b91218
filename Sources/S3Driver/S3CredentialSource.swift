import FoundationEssentials
import Glibc

/// Where credentials come from: the options, or where the tools of AWS look when these are empty.
///
/// Of that chain only the environment (`AWS_ACCESS_KEY_ID`, …) and the profile (`AWS_PROFILE` in
/// `AWS_SHARED_CREDENTIALS_FILE`) count: nothing asks a metadata service on the network.
enum S3CredentialSource: Sendable, Equatable {
    case fixed(S3Credentials)
    /// A profile, read again when the service refuses what it had: something renews temporary credentials in it.
    case profile(String, file: String)

    /// Longest file that is read.
    private static let longestFile = 1 << 20

    /// - Parameter environment: of the process.
    /// - Returns: nil when nothing names any credentials.
    init?(accessKey: String, secretKey: String, environment: [String: String]) {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if !accessKey.isEmpty, !secretKey.isEmpty {
            self = .fixed(S3Credentials(accessKey: accessKey, secretKey: secretKey))
        } else if let accessKey = variable("AWS_ACCESS_KEY_ID"), let secretKey = variable("AWS_SECRET_ACCESS_KEY") {
            self = .fixed(
                S3Credentials(
                    accessKey: accessKey, secretKey: secretKey, sessionToken: variable("AWS_SESSION_TOKEN")))
        } else {
            let file =
                variable("AWS_SHARED_CREDENTIALS_FILE") ?? variable("HOME").map { "\($0)/.aws/credentials" }
            guard let file, access(file, R_OK) == 0 else { return nil }
            self = .profile(variable("AWS_PROFILE") ?? "default", file: file)
        }
    }

    /// The variables of the process that count.
    static var environment: [String: String] {
        var found: [String: String] = [:]
        for name in [
            "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
            "AWS_SHARED_CREDENTIALS_FILE", "HOME",
        ] {
            if let value = getenv(name) { found[name] = String(cString: value) }
        }
        return found
    }

    /// Reads the credentials. Nil when the file has none. A profile's file is small and local.
    func load() -> S3Credentials? {
        switch self {
        case .fixed(let credentials): return credentials
        case .profile(let name, let file):
            guard let data = try? Data(contentsOf: URL(filePath: file)), data.count <= Self.longestFile else {
                return nil
            }
            return Self.credentials(ofProfile: name, in: String(decoding: data, as: UTF8.self))
        }
    }

    /// The form of `~/.aws/credentials`: sections in brackets, `name = value`, comments behind `#` and `;` at a line's start.
    static func credentials(ofProfile name: String, in text: String) -> S3Credentials? {
        var section = ""
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                section = trimmed(line.dropFirst().dropLast())
            } else if section == name, let equals = line.firstIndex(of: "=") {
                values[trimmed(line[..<equals]).lowercased()] = trimmed(line[line.index(after: equals)...])
            }
        }
        guard let accessKey = values["aws_access_key_id"], let secretKey = values["aws_secret_access_key"] else {
            return nil
        }
        return S3Credentials(accessKey: accessKey, secretKey: secretKey, sessionToken: values["aws_session_token"])
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var rest = Substring(text)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
