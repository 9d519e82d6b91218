import CLinux

/// Replaces what must not be in a log by `***`: configured secrets, tokens, and passwords in URLs.
public struct Redaction: Sendable {
    /// Longest first, so that a secret inside another does not uncover the rest.
    private let secrets: [[UInt8]]

    private static let mask = Array("***".utf8)
    /// Headers and parts of signed URLs whose values let others in, in small letters.
    private static let credentials = [
        "x-auth-token", "x-subject-token", "x-service-token", "x-storage-token", "x-amz-security-token",
        "x-amz-signature", "x-amz-credential", "temp_url_sig",
    ].map { Array($0.utf8) }
    /// What each of them has in it.
    private static let credentialMarks = ["-token", "-amz-", "_url_"].map { Array($0.utf8) }
    /// What stands before the authority of a URL.
    private static let authority = Array("://".utf8)
    /// What Fernet tokens begin with.
    private static let fernet = Array("gAAAAA".utf8)

    /// - Parameter secrets: what the configuration holds.
    public init(secrets: [String]) {
        self.secrets = Set(secrets).filter { !$0.isEmpty }.map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    /// Whether there is surely nothing to replace in the text, nor in any part of it. Nearly every text is harmless.
    func isHarmless(_ text: String) -> Bool {
        !(text.utf8.withContiguousStorageIfAvailable(mayHoldSecret) ?? true)
    }

    /// The text without them.
    public func callAsFunction(_ text: String) -> String {
        if isHarmless(text) { return text }
        let original = Array(text.utf8)
        var bytes = original
        for secret in secrets { Self.replace(secret, in: &bytes) }
        Self.replaceURLPasswords(in: &bytes)
        for header in Self.credentials { Self.replaceValue(of: header, in: &bytes) }
        Self.replaceFernetTokens(in: &bytes)
        return bytes == original ? text : String(decoding: bytes, as: UTF8.self)
    }

    /// Whether anything is there that the closer look could replace.
    private func mayHoldSecret(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        secrets.contains { Self.holds(bytes, $0) } || Self.holds(bytes, Self.authority)
            || Self.holds(bytes, Self.fernet) || Self.holdsCredential(bytes)
    }

    private static func holds(_ bytes: UnsafeBufferPointer<UInt8>, _ pattern: [UInt8]) -> Bool {
        bytes.count >= pattern.count && clinux_contains(bytes.baseAddress, bytes.count, pattern, pattern.count) == 1
    }

    private static func holdsCredential(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        for start in bytes.indices where bytes[start] == UInt8(ascii: "-") || bytes[start] == UInt8(ascii: "_") {
            let rest = UnsafeBufferPointer(rebasing: bytes[start...])
            if credentialMarks.contains(where: { begins(rest, with: $0) }) { return true }
        }
        return false
    }

    /// Without regard to the case of letters.
    private static func begins(_ bytes: UnsafeBufferPointer<UInt8>, with mark: [UInt8]) -> Bool {
        bytes.count >= mark.count && mark.indices.allSatisfy { bytes[$0] | 0x20 == mark[$0] | 0x20 }
    }

    /// A short secret might be part of ordinary words, so it only counts as a whole word.
    private static func replace(_ secret: [UInt8], in bytes: inout [UInt8]) {
        var start = 0
        while let found = index(of: secret, in: bytes, from: start) {
            let end = found + secret.count
            let isWord = !(found > 0 && isWordByte(bytes[found - 1])) && !(end < bytes.count && isWordByte(bytes[end]))
            if secret.count >= 8 || isWord {
                bytes.replaceSubrange(found..<end, with: mask)
                start = found + mask.count
            } else {
                start = found + 1
            }
        }
    }

    /// `scheme://user:password@host`
    private static func replaceURLPasswords(in bytes: inout [UInt8]) {
        var start = 0
        while let found = index(of: authority, in: bytes, from: start) {
            start = found + authority.count
            var end = start
            while end < bytes.count, !isURLEnd(bytes[end]) { end += 1 }
            guard let at = bytes[start..<end].lastIndex(of: UInt8(ascii: "@")),
                let colon = bytes[start..<at].firstIndex(of: UInt8(ascii: ":")), colon + 1 < at
            else { continue }
            bytes.replaceSubrange((colon + 1)..<at, with: mask)
        }
    }

    /// `X-Auth-Token: value`, also with quotes around either and with `=`; `temp_url_sig=value&`.
    private static func replaceValue(of header: [UInt8], in bytes: inout [UInt8]) {
        var start = 0
        while let found = index(of: header, in: bytes, from: start, ignoringCase: true) {
            var begin = found + header.count
            start = begin
            var separators = 0
            while begin < bytes.count, isSeparator(bytes[begin]) {
                if bytes[begin] == UInt8(ascii: ":") || bytes[begin] == UInt8(ascii: "=") { separators += 1 }
                begin += 1
            }
            if separators == 0 { continue }
            var end = begin
            while end < bytes.count, !isValueEnd(bytes[end]) { end += 1 }
            if begin == end { continue }
            bytes.replaceSubrange(begin..<end, with: mask)
            start = begin + mask.count
        }
    }

    private static func replaceFernetTokens(in bytes: inout [UInt8]) {
        var start = 0
        while let found = index(of: fernet, in: bytes, from: start) {
            var end = found
            while end < bytes.count, isWordByte(bytes[end]) || bytes[end] == UInt8(ascii: "-") { end += 1 }
            while end < bytes.count, bytes[end] == UInt8(ascii: "=") { end += 1 }
            start = end
            // The shortest Fernet token has 100 characters.
            if end - found < 80 { continue }
            bytes.replaceSubrange(found..<end, with: mask)
            start = found + mask.count
        }
    }

    private static func index(
        of needle: [UInt8], in bytes: [UInt8], from start: Int, ignoringCase: Bool = false
    ) -> Int? {
        guard let first = needle.first, bytes.count - start >= needle.count else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            let fold: UInt8 = ignoringCase ? 0x20 : 0
            candidates: for position in start...(bytes.count - needle.count) {
                if bytes[position] | fold != first | fold { continue }
                for offset in 1..<max(1, needle.count) where bytes[position + offset] | fold != needle[offset] | fold {
                    continue candidates
                }
                return position
            }
            return nil
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private static func isURLEnd(_ byte: UInt8) -> Bool {
        byte <= 0x20 || "/?#\"'<>".utf8.contains(byte)
    }

    /// Backslashes stand before quotes inside of quotes.
    private static func isSeparator(_ byte: UInt8) -> Bool { " \t:='\"[\\".utf8.contains(byte) }

    private static func isValueEnd(_ byte: UInt8) -> Bool { byte <= 0x20 || "'\",;]}&\\".utf8.contains(byte) }
}
