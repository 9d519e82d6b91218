import Cryptography
import Foundation
import NIOPosix
import OsloConfig
import TestSupport
import Testing

@testable import ImageSignature

/// Against a real Barbican, which asks a real Keystone: once, because starting them takes most of the time.
@Suite struct KeyManagerTests {
    @Test func barbicanIsAsked() async throws {
        try await withBarbican { barbican async throws in
            let site = try Site(barbican)
            try await certificatesVerifyEveryKeyTypeAndHash(site)
            try await keysAreDeletedOnceAndByTheirUsersOnly(site)
            try await theCatalogSaysWhereItIs(site)
            try await whatIsNoCertificateOfTheUserIsRefused(site)
        }
    }

    private func certificatesVerifyEveryKeyTypeAndHash(_ site: Site) async throws {
        let data = Data("the image".utf8)
        try await withTemporaryDirectory { directory async throws in
            for type in Signer.types {
                let signer = try await Signer(type, in: directory)
                let id = try await site.barbican.store(signer.certificate, as: "certificate")
                for hash in Signer.hashes {
                    let signature = try await signer.sign(data, hash)
                    let properties = signer.properties(
                        signature: signature, hash: hash, certificate: id)
                    let verifier = try #require(
                        try await site.checks.verifier(properties: properties, for: site.user))
                    var digest = try Digest(verifier.hashAlgorithm)
                    digest.update(Array(data))
                    try verifier.verify(digest: digest.finish())
                }
            }
        }
    }

    private func whatIsNoCertificateOfTheUserIsRefused(_ site: Site) async throws {
        try await withTemporaryDirectory { directory async throws in
            let signer = try await Signer("ECC_SECP384R1", in: directory)
            let id = try await site.barbican.store(signer.certificate, as: "certificate")
            func refuses(
                _ id: String, _ user: KeyManager.User?, _ error: SignatureError, _ reason: KeyManager.Failure?
            ) async {
                var noted: KeyManager.Failure?
                await #expect(throws: error) {
                    try await site.checks.verifier(
                        properties: signer.properties(signature: "YQ==", hash: "SHA-256", certificate: id),
                        for: user, note: { noted = $0 })
                }
                #expect(noted == reason)
            }
            let opaque = try await site.barbican.store(signer.certificate, as: "opaque")
            await refuses(opaque, site.user, .notACertificate(opaque), nil)
            let garbage = try await site.barbican.store(Data("garbage".utf8), as: "certificate")
            await refuses(garbage, site.user, .notACertificate(garbage), nil)
            let unknown = "00000000-0000-4000-8000-000000000000"
            await refuses(unknown, site.user, .certificateNotFound(unknown), .notFound)
            await refuses(id, site.other, .certificateUnavailable(id), .forbidden)
            let nobody = KeyManager.User(token: "gAAAAAB", catalog: nil)
            await refuses(id, nobody, .certificateUnavailable(id), .forbidden)
            await refuses(id, nil, .certificateUnavailable(id), nil)
            try await site.barbican.server.stop()
            await refuses(
                id, site.user, .certificateUnavailable(id),
                .unavailable("the key manager cannot be reached: the connection failed: Connection refused"))
            #expect(
                try await site.checks.verifier(properties: ["img_signature": "YQ=="], for: site.user) == nil)
        }
    }

    private func keysAreDeletedOnceAndByTheirUsersOnly(_ site: Site) async throws {
        let id = try await site.barbican.store(Data(Noise.bytes(32, seed: 1)), as: "symmetric")
        await #expect(throws: KeyManager.Failure.forbidden) { try await site.manager.delete(id, for: site.other) }
        try await site.manager.delete(id, for: site.user)
        await #expect(throws: KeyManager.Failure.notFound) { try await site.manager.delete(id, for: site.user) }
        for wrong in ["", "../secrets", "x"] {
            await #expect(throws: KeyManager.Failure.notFound) {
                try await site.manager.delete(wrong, for: site.user)
            }
        }
    }

    private func theCatalogSaysWhereItIs(_ site: Site) async throws {
        let id = try await site.barbican.store(Data("a".utf8), as: "certificate")
        func catalog(_ region: String) -> String {
            """
            [{"type":"image","name":"glance","endpoints":[]},{"type":"key-manager","name":"barbican","endpoints":[
            {"interface":"internal","url":"http://127.0.0.1:1","region":"\(region)","region_id":"R","id":"1"},
            {"interface":"public","url":"\(site.barbican.url)/","region":"\(region)","region_id":"R","id":"2"}]}]
            """
        }
        let configuration = try Configuration(text: "[barbican]\nbarbican_region_name = RegionTwo")
        let manager = try KeyManager(
            settings: KeyManagerSettings(configuration), eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        var user = site.user
        user.catalog = catalog("RegionTwo")
        #expect(try await manager.certificate(id, for: user) == .init(isCertificate: true, bytes: Array("a".utf8)))
        for catalog in [catalog("RegionOne"), "[]", "{", nil] {
            user.catalog = catalog
            let error = await #expect(throws: KeyManager.Failure.self) {
                try await manager.certificate(id, for: user)
            }
            #expect(error?.description.contains("barbican_endpoint") == true)
        }
    }

    @Test func otherKeyManagersAreNotTalkedTo() async throws {
        for (backend, isBarbican) in [
            ("barbican", true), ("castellan.key_manager.barbican_key_manager.BarbicanKeyManager", true),
            ("vault", false),
        ] {
            let configuration = try Configuration(text: "[key_manager]\nbackend = \(backend)")
            #expect(KeyManagerSettings(configuration).isBarbican == isBarbican)
        }
    }

    // MARK: -

    private struct Site: Sendable {
        let barbican: Barbican
        let manager: KeyManager

        var user: KeyManager.User { .init(token: barbican.token, catalog: nil) }
        var other: KeyManager.User { .init(token: barbican.otherToken, catalog: nil) }
        var checks: SignatureChecks { SignatureChecks(keyManager: manager) }

        init(_ barbican: Barbican) throws {
            self.barbican = barbican
            let configuration = try Configuration(text: "[barbican]\nbarbican_endpoint = \(barbican.url)")
            manager = try KeyManager(
                settings: KeyManagerSettings(configuration), eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        }
    }
}
