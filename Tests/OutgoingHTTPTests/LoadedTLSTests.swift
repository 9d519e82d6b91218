import Foundation
import NIOSSL
import TestSupport
import Testing

@testable import OutgoingHTTP

@Suite struct LoadedTLSTests {
    /// Makes a certificate for 127.0.0.1 that vouches for itself.
    private func makeCertificate(_ directory: String, _ name: String = "own") async throws {
        try await command(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", "\(directory)/\(name).key", "-out",
                "\(directory)/\(name).pem",
            ])
    }

    private func serverTLS(_ directory: String, name: String = "own") throws -> TLSConfiguration {
        let certificates = try NIOSSLCertificate.fromPEMFile("\(directory)/\(name).pem")
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: "\(directory)/\(name).key", format: .pem)))
        tls.trustRoots = .certificates(certificates)
        return tls
    }

    private func get(_ peer: Peer, _ change: (inout TLSSettings) -> Void) async throws -> String {
        var settings = TLSSettings()
        change(&settings)
        let client = OutgoingHTTPClient(
            tls: try LoadedTLS(settings), eventLoopGroup: .singletonMultiThreadedEventLoopGroup)
        let response = try await client.send(OutgoingRequest(.GET, "https://127.0.0.1:\(peer.port)/"))
        return String(buffer: try await response.collect(upTo: 100))
    }

    @Test func authoritiesAreAFileOrADirectory() async throws {
        try await withTemporaryDirectory { directory in
            try await makeCertificate(directory)
            let peer = try await Peer([.reply(.ok, "secret")], tls: serverTLS(directory))
            await #expect(throws: OutgoingHTTPError.untrusted) { try await get(peer) { _ in } }
            #expect(try await get(peer) { $0.isInsecure = true } == "secret")
            #expect(try await get(peer) { $0.caFile = "\(directory)/own.pem" } == "secret")

            // As /etc/ssl/certs is: a bundle, single files, links by hash, things that are no certificates.
            let folder = "\(directory)/certs"
            try FileManager.default.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: true)
            try await makeCertificate(directory, "other")
            try FileManager.default.copyItem(atPath: "\(directory)/other.pem", toPath: "\(folder)/other.pem")
            try FileManager.default.copyItem(atPath: "\(directory)/own.key", toPath: "\(folder)/own.key")
            try "nothing".write(toFile: "\(folder)/README", atomically: true, encoding: .utf8)
            await #expect(throws: OutgoingHTTPError.untrusted) { try await get(peer) { $0.caFile = folder } }
            try FileManager.default.copyItem(atPath: "\(directory)/own.pem", toPath: "\(folder)/own.crt")
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/12345678.0", withDestinationPath: "own.crt")
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/dangling.0", withDestinationPath: "nowhere")
            #expect(try await get(peer) { $0.caFile = folder } == "secret")
            try await peer.stop()
        }
    }

    @Test func showsItsOwnCertificate() async throws {
        try await withTemporaryDirectory { directory in
            try await makeCertificate(directory)
            var tls = try serverTLS(directory)
            tls.certificateVerification = .noHostnameVerification
            let peer = try await Peer([.reply(.ok, "secret")], tls: tls)
            await #expect(throws: OutgoingHTTPError.self) { try await get(peer) { $0.isInsecure = true } }
            #expect(
                try await get(peer) {
                    $0.isInsecure = true
                    $0.certificateFile = "\(directory)/own.pem"
                    $0.keyFile = "\(directory)/own.key"
                } == "secret")
            // One file for both.
            let both = try ["own.pem", "own.key"].map {
                try String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8)
            }
            try both.joined().write(toFile: "\(directory)/both", atomically: true, encoding: .utf8)
            for keyFile in [nil, ""] {
                #expect(
                    try await get(peer) {
                        $0.isInsecure = true
                        $0.certificateFile = "\(directory)/both"
                        $0.keyFile = keyFile
                    } == "secret")
            }
            try await peer.stop()
        }
    }

    @Test func saysWhichFileIsUnusable() async throws {
        try await withTemporaryDirectory { directory in
            try await makeCertificate(directory)
            try FileManager.default.createDirectory(atPath: directory + "/empty", withIntermediateDirectories: true)
            func expect(_ file: TLSSettings.File, _ path: String, _ change: (inout TLSSettings) -> Void) {
                var settings = TLSSettings()
                change(&settings)
                #expect(throws: OutgoingHTTPError.unusableFile(file, path: path)) { try LoadedTLS(settings) }
            }
            for path in ["absent", "own.key", "empty"].map({ "\(directory)/\($0)" }) {
                expect(.authorities, path) { $0.caFile = path }
                expect(.certificate, path) { $0.certificateFile = path }
            }
            expect(.key, "\(directory)/own.pem") { $0.certificateFile = "\(directory)/own.pem" }
        }
    }

    @Test func emptyPathsAreNone() throws {
        var settings = TLSSettings()
        settings.caFile = ""
        settings.certificateFile = ""
        settings.keyFile = ""
        _ = try LoadedTLS(settings)
    }
}
