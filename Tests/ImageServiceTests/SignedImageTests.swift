import Authorization
import Events
import Foundation
import ImageModel
import ImageSignature
import NIOPosix
import OsloConfig
import TestSupport
import Testing

@testable import ImageService

/// Images with what they have in the key manager, a real Barbican.
@Suite struct SignedImageTests {
    private let data = Data(Noise.bytes(300_000, seed: 1))

    @Test func theKeyManagerDecidesAboutSignedAndEncryptedImages() async throws {
        try await withBarbican { barbican async throws in
            try await withTemporaryDirectory { directory async throws in
                let manager = try KeyManager(
                    settings: KeyManagerSettings(
                        Configuration(text: "[barbican]\nbarbican_endpoint = \(barbican.url)")),
                    eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
                let events = EventRecorder()
                let harness = try await ServiceHarness(keyManager: manager, logger: events.logger)
                let owner = await harness.caller("owner", token: barbican.token)
                for type in ["RSA-PSS", "DSA", "ECC_SECP384R1"] {
                    let signer = try await Signer(type, in: directory)
                    let certificate = try await barbican.store(signer.certificate, as: "certificate")
                    // That of the multihash, and another one.
                    for hash in ["SHA-512", "SHA-224"] {
                        let properties = signer.properties(
                            signature: try await signer.sign(data, hash), hash: hash, certificate: certificate)
                        try await signedUploads(harness, properties, owner)
                    }
                }
                #expect(events.occurrences(of: .certificateUnavailable).isEmpty)
                try await foreignCertificates(harness, barbican, directory)
                #expect(events.occurrences(of: .certificateUnavailable).count == 2)
                try await encryptionKeys(harness, barbican, events)
            }
        }
    }

    /// "CVE-2015-8234: what is verified are the data, by a strong hash": see `SignatureVerifierTests`.
    private func signedUploads(
        _ harness: ServiceHarness, _ properties: [String: String], _ owner: Caller
    ) async throws {
        let image = try await harness.queuedImage(for: owner, properties: properties)
        // One byte is another one, one is missing, one is too many.
        for wrong in [data.dropLast() + [data[299_999] ^ 1], data.dropLast(), data + [0], Data()] {
            await #expect(throws: SignatureError.wrong.asServiceError) {
                try await upload(wrong, to: image, harness, owner)
            }
            let found = try #require(try await harness.database.images.find(image.id))
            #expect(found.status == .queued && found.size == nil && found.checksum == nil && found.locations.isEmpty)
            #expect(try harness.storedFiles().isEmpty)
        }
        try await upload(data, to: image, harness, owner)
        #expect(try await harness.database.images.find(image.id)?.status == .active)
        #expect(try await harness.download(image.id, for: owner) == Array(data))
        try await harness.service.delete(image.id, for: owner)
        // Without one of the four there is no signature.
        for name in properties.keys {
            var part = properties
            part[name] = nil
            let image = try await harness.queuedImage(for: owner, properties: part)
            try await upload(data.dropLast(), to: image, harness, owner)
            try await harness.service.delete(image.id, for: owner)
        }
    }

    private func foreignCertificates(
        _ harness: ServiceHarness, _ barbican: Barbican, _ directory: String
    ) async throws {
        let signer = try await Signer("ECC_SECP384R1", in: directory)
        let id = try await barbican.store(signer.certificate, as: "certificate")
        let signature = try await signer.sign(data, "SHA-256")
        for token in [barbican.otherToken, "gAAAAAB", nil] {
            let caller = await harness.caller("owner", token: token)
            let image = try await harness.queuedImage(
                for: caller, properties: signer.properties(signature: signature, hash: "SHA-256", certificate: id))
            await #expect(throws: SignatureError.certificateUnavailable(id).asServiceError) {
                try await upload(data, to: image, harness, caller)
            }
            #expect(try await harness.database.images.find(image.id)?.status == .queued)
        }
        let owner = await harness.caller("owner", token: barbican.token)
        let image = try await harness.queuedImage(
            for: owner, properties: signer.properties(signature: signature, hash: "MD5", certificate: id))
        await #expect(throws: SignatureError.unknownHashMethod("MD5").asServiceError) {
            try await upload(data, to: image, harness, owner)
        }
    }

    private func encryptionKeys(
        _ harness: ServiceHarness, _ barbican: Barbican, _ events: EventRecorder
    ) async throws {
        let owner = await harness.caller("owner", token: barbican.token)
        for (policy, stays) in [("on_image_deletion", false), ("do_not_delete", true), ("invalid", true), (nil, true)] {
            let key = try await barbican.store(Data(Noise.bytes(32, seed: 1)), as: "symmetric")
            var properties = ["cinder_encryption_key_id": key]
            properties["cinder_encryption_key_deletion_policy"] = policy
            let image = try await harness.queuedImage(for: owner, properties: properties)
            try await harness.service.delete(image.id, for: owner)
            #expect(try await barbican.has(key) == stays)
        }
        #expect(events.occurrences(of: .encryptionKeyKept).isEmpty)
        // Whatever the key manager says, the image is deleted.
        let key = try await barbican.store(Data(Noise.bytes(32, seed: 1)), as: "symmetric")
        for (id, token) in [("unknown", barbican.token), (key, barbican.otherToken), (key, nil)] {
            let caller = await harness.caller("owner", token: token)
            let image = try await harness.queuedImage(
                for: caller,
                properties: [
                    "cinder_encryption_key_id": id, "cinder_encryption_key_deletion_policy": "on_image_deletion",
                ])
            try await harness.service.delete(image.id, for: caller)
            #expect(try await harness.database.images.find(image.id) == nil)
        }
        #expect(try await barbican.has(key))
        #expect(events.occurrences(of: .encryptionKeyKept).map { $0.metadata["key_id"] } == ["unknown", key, key])
        #expect(!events.entries.contains { entry in entry.metadata.values.contains { $0.contains(barbican.token) } })
    }

    @Test func withoutAKeyManagerSignedImagesAreRefused() async throws {
        let harness = try await ServiceHarness()
        let owner = await harness.caller("owner")
        let id = "2c0d5ba0-5d4f-4c64-8f3e-31c1d1d1e8a5"
        let image = try await harness.queuedImage(
            for: owner,
            properties: [
                "img_signature": "YQ==", "img_signature_hash_method": "SHA-256", "img_signature_key_type": "DSA",
                "img_signature_certificate_uuid": id,
            ])
        await #expect(throws: SignatureError.certificateUnavailable(id).asServiceError) {
            try await upload(data, to: image, harness, owner)
        }
    }

    private func upload(_ bytes: Data, to image: Image, _ harness: ServiceHarness, _ caller: Caller) async throws {
        try await harness.service.upload(
            ServiceHarness.chunks(of: Array(bytes)), to: image.id, store: nil, expectedSize: nil, for: caller)
    }
}

extension SignatureError {
    fileprivate var asServiceError: ServiceError { .invalid(text) }
}
