/// How TLS connections to other servers are made. Files are in PEM form; an empty path is none.
public struct TLSSettings: Sendable, Equatable {
    /// Certificates of the authorities to trust: a file, or a directory of files such as `/etc/ssl/certs`. nil are the
    /// system's.
    public var caFile: String?
    /// What this service shows of itself, with the certificates between it and the authority.
    public var certificateFile: String?
    /// nil when the certificate's file holds the key too.
    public var keyFile: String?
    /// Accepts any certificate.
    public var isInsecure = false
    /// `1.2` or `1.3`; nil is the library's own choice.
    public var minimumVersion: String?
    /// As OpenSSL writes them; nil is the library's own choice.
    public var ciphers: String?

    public init() {}

    /// The files that can be named.
    public enum File: Sendable, Equatable {
        case authorities, certificate, key
    }
}
