public import Foundation

/// A key with a certificate, made and used by OpenSSL's command.
public struct Signer: Sendable {
    /// The values that `img_signature_key_type` can have.
    public static let types = [
        "RSA-PSS", "DSA", "ECC_SECT571K1", "ECC_SECT409K1", "ECC_SECT571R1", "ECC_SECT409R1", "ECC_SECP521R1",
        "ECC_SECP384R1",
    ]
    /// The values that `img_signature_hash_method` can have.
    public static let hashes = ["SHA-224", "SHA-256", "SHA-384", "SHA-512"]

    public let type: String
    /// In PEM form.
    public let certificate: Data
    private let directory: String

    public init(_ type: String, in parent: String) async throws {
        self.type = type
        try await command(Project.support("need"), ["openssl"])
        directory = "\(parent)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        let key = "\(directory)/key.pem"
        let curve = type.dropFirst(4).lowercased()
        let arguments =
            switch type {
            case "RSA-PSS": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key]
            case "DSA": ["dsaparam", "-genkey", "-out", key, "2048"]
            default: ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:\(curve)", "-out", key]
            }
        try await command("openssl", arguments)
        try await command(
            "openssl",
            ["req", "-x509", "-new", "-key", key, "-subj", "/CN=signer", "-days", "2", "-out", "\(directory)/cert.pem"])
        certificate = try Data(contentsOf: URL(filePath: "\(directory)/cert.pem"))
    }

    /// - Parameters:
    ///   - hash: one of ``hashes``.
    ///   - salt: of RSA-PSS.
    public func sign(_ data: Data, _ hash: String, salt: String = "max") async throws -> String {
        try data.write(to: URL(filePath: "\(directory)/data"))
        let algorithm = hash.lowercased().replacing("-", with: "")
        var arguments = ["dgst", "-\(algorithm)", "-sign", "\(directory)/key.pem"]
        if type == "RSA-PSS" {
            arguments += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:\(salt)"]
        }
        try await command("openssl", arguments + ["-out", "\(directory)/signature", "\(directory)/data"])
        return try Data(contentsOf: URL(filePath: "\(directory)/signature")).base64EncodedString()
    }

    /// The certificate in DER form.
    public func binaryCertificate() async throws -> Data {
        let path = "\(directory)/cert.der"
        try await command("openssl", ["x509", "-in", "\(directory)/cert.pem", "-outform", "DER", "-out", path])
        return try Data(contentsOf: URL(filePath: path))
    }

    /// The properties of an image.
    public func properties(
        signature: String, hash: String, certificate: String = "2c0d5ba0-5d4f-4c64-8f3e-31c1d1d1e8a5"
    ) -> [String: String] {
        [
            "img_signature": signature, "img_signature_hash_method": hash, "img_signature_key_type": type,
            "img_signature_certificate_uuid": certificate,
        ]
    }
}
