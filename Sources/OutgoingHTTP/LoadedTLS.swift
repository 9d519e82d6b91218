import Glibc
import NIOSSL

/// ``TLSSettings`` with what is in their files. Reading once serves any number of clients.
public struct LoadedTLS: Sendable {
    let configuration: TLSConfiguration

    /// The system's authorities, no certificate of our own.
    public init() { configuration = .makeClientConfiguration() }

    /// Reads the files. Blocks.
    ///
    /// - Throws: ``OutgoingHTTPError/unusableFile(_:path:)``.
    public init(_ settings: TLSSettings) throws(OutgoingHTTPError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        switch settings.minimumVersion {
        case "1.2": configuration.minimumTLSVersion = .tlsv12
        case "1.3": configuration.minimumTLSVersion = .tlsv13
        default: break
        }
        if let ciphers = settings.ciphers, !ciphers.isEmpty { configuration.cipherSuites = ciphers }
        if let path = settings.caFile, !path.isEmpty {
            configuration.trustRoots = .certificates(try Self.authorities(at: path))
        }
        if settings.isInsecure {
            configuration.certificateVerification = .none
            // Nobody asks them, and reading them takes time.
            configuration.trustRoots = .certificates([])
        }
        if let path = settings.certificateFile, !path.isEmpty {
            configuration.certificateChain = try Self.read(.certificate, path) {
                try NIOSSLCertificate.fromPEMFile(path).map { .certificate($0) }
            }
            let keyPath = settings.keyFile.flatMap { $0.isEmpty ? nil : $0 } ?? path
            configuration.privateKey = try Self.read(.key, keyPath) {
                .privateKey(try NIOSSLPrivateKey(file: keyPath, format: .pem))
            }
        }
        self.configuration = configuration
    }

    private static func authorities(at path: String) throws(OutgoingHTTPError) -> [NIOSSLCertificate] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .unusableFile(.authorities, path: path) }
        let certificates =
            if status.st_mode & S_IFMT == S_IFDIR {
                certificates(inDirectory: path)
            } else {
                try read(.authorities, path) { try NIOSSLCertificate.fromPEMFile(path) }
            }
        guard !certificates.isEmpty else { throw .unusableFile(.authorities, path: path) }
        return certificates
    }

    /// All certificates in the files of a directory, each once: there are bundles, and links by names and by hashes. Other
    /// files are passed over. OpenSSL itself would only find those that `c_rehash` has linked.
    private static func certificates(inDirectory path: String) -> [NIOSSLCertificate] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        var seen: Set<NIOSSLCertificate> = []
        return names.sorted().flatMap { name -> [NIOSSLCertificate] in
            let file = path + "/" + name
            var status = stat()
            guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                let certificates = try? NIOSSLCertificate.fromPEMFile(file)
            else { return [] }
            return certificates.filter { seen.insert($0).inserted }
        }
    }

    private static func read<Content>(
        _ file: TLSSettings.File, _ path: String, _ body: () throws -> Content
    ) throws(OutgoingHTTPError) -> Content {
        do {
            return try body()
        } catch {
            throw .unusableFile(file, path: path)
        }
    }
}
