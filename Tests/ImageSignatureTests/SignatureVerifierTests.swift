import Cryptography
import Foundation
import TestSupport
import Testing

@testable import ImageSignature

@Suite struct SignatureVerifierTests {
    private let data = Data(Noise.bytes(100_000, seed: 1))

    @Test(arguments: Signer.types)
    func everyKeyTypeAndHash(type: String) async throws {
        try await withTemporaryDirectory { directory async throws in
            let signer = try await Signer(type, in: directory)
            let binary = try await signer.binaryCertificate()
            for hash in ImageSignature.HashMethod.allCases {
                let text = try await signer.sign(data, hash.rawValue)
                for certificate in [signer.certificate, binary] {
                    let verifier = try verifier(signer, text, hash.rawValue, certificate)
                    #expect(verifier.hashAlgorithm == hash.algorithm)
                    try verifier.verify(digest: try digest(data, hash))
                    #expect(throws: SignatureError.wrong) {
                        try verifier.verify(digest: try digest(data.dropLast(), hash))
                    }
                    #expect(throws: SignatureError.wrong) { try verifier.verify(digest: []) }
                }
                // Said to be of another hash.
                let other = ImageSignature.HashMethod.allCases.first { $0 != hash }!
                let wrong = try verifier(signer, text, other.rawValue, binary)
                #expect(throws: SignatureError.wrong) { try wrong.verify(digest: try digest(data, other)) }
                // Broken into lines, as base64(1) does.
                let lines = text.enumerated().map { $0.offset % 64 == 63 ? "\($0.element)\n" : "\($0.element)" }
                    .joined()
                try verifier(signer, lines, hash.rawValue, binary).verify(digest: try digest(data, hash))
            }
        }
    }

    @Test func anotherKeyIsWrong() async throws {
        try await withTemporaryDirectory { directory async throws in
            for type in ["RSA-PSS", "ECC_SECP384R1"] {
                let one = try await Signer(type, in: directory)
                let other = try await Signer(type, in: directory)
                let text = try await one.sign(data, "SHA-256")
                let verifier = try verifier(one, text, "SHA-256", other.certificate)
                #expect(throws: SignatureError.wrong) { try verifier.verify(digest: try digest(data, .sha256)) }
            }
        }
    }

    @Test func anotherSaltIsWrong() async throws {
        try await withTemporaryDirectory { directory async throws in
            let signer = try await Signer("RSA-PSS", in: directory)
            let text = try await signer.sign(data, "SHA-256", salt: "digest")
            let verifier = try verifier(signer, text, "SHA-256", signer.certificate)
            #expect(throws: SignatureError.wrong) { try verifier.verify(digest: try digest(data, .sha256)) }
        }
    }

    @Test("CVE-2015-8234: a signature over the MD5 of the data is none")
    func checksumsAreNotSigned() async throws {
        try await withTemporaryDirectory { directory async throws in
            let signer = try await Signer("RSA-PSS", in: directory)
            var digest = try Digest("md5")
            digest.update(Array(data))
            let checksum = Data(digest.hexadecimal().utf8)
            for hash in ImageSignature.HashMethod.allCases {
                let text = try await signer.sign(checksum, hash.rawValue)
                let verifier = try verifier(signer, text, hash.rawValue, signer.certificate)
                #expect(throws: SignatureError.wrong) { try verifier.verify(digest: try self.digest(data, hash)) }
            }
            for weak in ["MD5", "SHA-1", "sha-256", ""] {
                #expect(throws: SignatureError.unknownHashMethod(weak)) {
                    try ImageSignature(properties: signer.properties(signature: "YQ==", hash: weak))
                }
            }
        }
    }

    @Test func theCertificateHasAKeyOfTheType() async throws {
        try await withTemporaryDirectory { directory async throws in
            let signers = [
                try await Signer("RSA-PSS", in: directory), try await Signer("DSA", in: directory),
                try await Signer("ECC_SECP384R1", in: directory),
            ]
            for signer in signers {
                for other in signers where other.type != signer.type {
                    #expect(throws: SignatureError.otherKeyType(signer.type)) {
                        try verifier(signer, "YQ==", "SHA-256", other.certificate)
                    }
                }
            }
        }
    }

    @Test func damagedCertificatesAreNone() async throws {
        try await withTemporaryDirectory { directory async throws in
            let signer = try await Signer("ECC_SECP384R1", in: directory)
            let binary = try await signer.binaryCertificate()
            for bytes in [Data(), Data("-----BEGIN".utf8), signer.certificate.prefix(200), binary.prefix(100)] {
                #expect(throws: SignatureError.notACertificate("2c0d5ba0-5d4f-4c64-8f3e-31c1d1d1e8a5")) {
                    try verifier(signer, "YQ==", "SHA-256", bytes)
                }
            }
        }
    }

    @Test func theTestsKnowAllOfThem() {
        #expect(ImageSignature.KeyType.allCases.map(\.rawValue) == Signer.types)
        #expect(ImageSignature.HashMethod.allCases.map(\.rawValue) == Signer.hashes)
    }

    @Test func allFourPropertiesMakeASignature() throws {
        let whole: [String: String?] = [
            "img_signature": "YQ==", "img_signature_hash_method": "SHA-224", "img_signature_key_type": "ECC_SECT409R1",
            "img_signature_certificate_uuid": "2c0d5ba0-5d4f-4c64-8f3e-31c1d1d1e8a5", "other": nil,
        ]
        #expect(try ImageSignature(properties: whole)?.bytes == [UInt8(ascii: "a")])
        for name in whole.keys where name != "other" {
            var part = whole
            part[name] = nil
            #expect(try ImageSignature(properties: part) == nil)
            part[name] = .some(nil)
            #expect(try ImageSignature(properties: part) == nil)
        }
        func with(_ name: String, _ value: String) -> [String: String?] { whole.merging([name: value]) { $1 } }
        #expect(throws: SignatureError.malformed) { try ImageSignature(properties: with("img_signature", "a")) }
        #expect(throws: SignatureError.malformed) { try ImageSignature(properties: with("img_signature", "")) }
        #expect(throws: SignatureError.unknownKeyType("RSA")) {
            try ImageSignature(properties: with("img_signature_key_type", "RSA"))
        }
        #expect(throws: SignatureError.certificateNotFound("../containers")) {
            try ImageSignature(properties: with("img_signature_certificate_uuid", "../containers"))
        }
    }

    @discardableResult
    private func verifier(
        _ signer: Signer, _ signature: String, _ hash: String, _ certificate: Data
    ) throws -> SignatureVerifier {
        let signature = try #require(
            try ImageSignature(properties: signer.properties(signature: signature, hash: hash)))
        return try SignatureVerifier(signature, certificate: Array(certificate))
    }

    private func digest(_ data: Data, _ hash: ImageSignature.HashMethod) throws -> [UInt8] {
        var digest = try Digest(hash.algorithm)
        digest.update(Array(data))
        return digest.finish()
    }
}
