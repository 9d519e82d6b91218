import Cryptography
public import OsloConfig
import TextCoding

/// How URLs of locations stand in the database with `[DEFAULT] metadata_encryption_key`, in the form that Glance reads and
/// writes: an initialization vector and the text in AES-CBC, in URL-safe base 64 (RFC 4648, section 5). A NUL ends the URL;
/// bytes other than NUL fill the last block.
///
/// The vector is a code of the URL, so that a URL always becomes the same text: locations with the same URL are found
/// without reading all. Who reads the database learns by that which locations are the same, and nothing else. Glance's
/// vectors are random, and read as well.
public struct LocationCipher: Sendable {
    private let key: [UInt8]

    /// - Returns: nil for a key that has neither 16 nor 24 nor 32 bytes in UTF-8.
    public init?(key: String) {
        self.key = Array(key.utf8)
        guard CipherBlockChaining.keyLengths.contains(self.key.count) else { return nil }
    }

    /// The cipher that a configuration asks for, nil where it asks for none.
    ///
    /// - Throws: ``UnusableKey`` where the key has a length that AES has not.
    public init?(_ configuration: Configuration) throws(UnusableKey) {
        guard let key = configuration[Options.Default.metadataEncryptionKey], !key.isEmpty else { return nil }
        guard let cipher = LocationCipher(key: key) else { throw UnusableKey() }
        self = cipher
    }

    /// A key of another length.
    public struct UnusableKey: Error, CustomStringConvertible {
        public var description: String { "[DEFAULT] metadata_encryption_key: a key has 16, 24 or 32 bytes" }
    }

    /// The text that stands in the database for a URL.
    func seal(_ url: String) -> String {
        let plain = Array(url.utf8)
        let blockLength = CipherBlockChaining.blockLength
        let vector = Array(MessageAuthentication.code(plain, key: key).prefix(blockLength))
        let filling = [UInt8](repeating: 1, count: blockLength - 1 - plain.count % blockLength)
        guard let text = CipherBlockChaining.encrypt(plain + [0] + filling, key: key, vector: vector) else {
            // Lengths are right, so only memory can have failed.
            fatalError("libcrypto cannot encrypt a location")
        }
        return Base64.encode(vector + text).replacing("+", with: "-").replacing("/", with: "_")
    }

    /// The URL that a text of the database stands for. A text that isn't encrypted, or with another key, is itself.
    func open(_ value: String) -> String {
        let blockLength = CipherBlockChaining.blockLength
        guard !value.contains(":"),
            let bytes = Base64.decode(value.replacing("-", with: "+").replacing("_", with: "/")),
            bytes.count >= 2 * blockLength,
            let plain = CipherBlockChaining.decrypt(
                Array(bytes.dropFirst(blockLength)), key: key, vector: Array(bytes.prefix(blockLength))),
            let end = plain.lastIndex(of: 0), let url = String(validating: plain[..<end], as: UTF8.self)
        else { return value }
        return url
    }
}
