import Authorization
import Events
import ImageDatabase
import ImageModel
import NIOCore
import TestSupport
import Testing

@testable import ImageService

/// Uploads of data that are not what they should be, and what is left of them.
@Suite struct InspectionTests {
    private static func qcow(backing: UInt8 = 0, features: UInt8 = 0) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 200_000)
        bytes.replaceSubrange(0..<8, with: "QFI".utf8 + [0xFB, 0, 0, 0, 3])
        (bytes[15], bytes[28], bytes[79]) = (backing, 1, features)
        return bytes
    }

    private func newImage(
        _ format: String, _ harness: ServiceHarness, container: String = "bare"
    ) async throws -> (
        Image, Caller
    ) {
        let caller = await harness.caller("p1")
        var draft = ImageDraft()
        draft.diskFormat = format
        draft.containerFormat = container
        return (try await harness.service.create(draft, for: caller), caller)
    }

    private func upload(_ bytes: [UInt8], to image: Image, of caller: Caller, _ harness: ServiceHarness) async throws {
        try await harness.service.upload(
            ServiceHarness.chunks(of: bytes), to: image.id, store: nil, expectedSize: nil, for: caller)
    }

    private func refusal(
        of bytes: [UInt8], as format: String, _ harness: ServiceHarness
    ) async throws -> String {
        let (image, caller) = try await newImage(format, harness)
        let error = await #expect(throws: ServiceError.self) {
            try await upload(bytes, to: image, of: caller, harness)
        }
        guard case .unsupportedMediaType(let text)? = error else {
            Issue.record("\(String(describing: error))")
            return ""
        }
        // Nothing is left: no bytes, no location, no record, and the image can take other data.
        #expect(try harness.storedFiles().isEmpty)
        let left = try #require(try await harness.database.images.find(image.id))
        #expect(left.status == .queued && left.locations.isEmpty && left.size == nil && left.virtualSize == nil)
        #expect(left.checksum == nil)
        let good = format == "raw" ? [UInt8](repeating: 1, count: 1000) : Self.qcow()
        try await upload(good, to: image, of: caller, harness)
        let size = try #require(try await harness.database.images.find(image.id)).virtualSize
        #expect(size == (format == "raw" ? 1000 : 1 << 24))
        try await harness.service.delete(image.id, for: caller)
        return text
    }

    @Test("CVE-2015-5163, CVE-2024-32498: images that name other files are refused, and nothing of them is kept")
    func unsafeImagesLeaveNothing() async throws {
        let harness = try await ServiceHarness()
        for format in ["qcow2", "raw"] {
            let backing = try await refusal(of: Self.qcow(backing: 1), as: format, harness)
            #expect(backing == "Image failed safety checks (qcow2): backing_file: The image has a backing file.")
            let data = try await refusal(of: Self.qcow(features: 4), as: format, harness)
            #expect(data == "Image failed safety checks (qcow2): data_file: The image has an external data file.")
        }
    }

    @Test("CVE-2022-47951: a VMDK that describes other files is refused, and nothing of it is kept")
    func describedDisksLeaveNothing() async throws {
        let harness = try await ServiceHarness()
        let text = "# Disk DescriptorFile\ncreateType=\"monolithicFlat\"\nRW 1 FLAT \"/etc/passwd\" 0\n"
        #expect(try await refusal(of: Array(text.utf8), as: "raw", harness).contains("descriptor: "))
    }

    @Test func whatIsNotWhatItIsSaidToBeIsRefused() async throws {
        let harness = try await ServiceHarness()
        let reason = try await refusal(of: [UInt8](repeating: 1, count: 5000), as: "qcow2", harness)
        #expect(reason == "The image's disk_format is qcow2, but the data are raw.")
    }

    @Test func containersAreNotLookedInto() async throws {
        let harness = try await ServiceHarness()
        let (image, caller) = try await newImage("qcow2", harness, container: "ovf")
        try await upload(Self.qcow(backing: 1), to: image, of: caller, harness)
        let active = try #require(try await harness.database.images.find(image.id))
        #expect(active.status == .active && active.virtualSize == nil)
    }

    /// `require_image_format_match` lets through what is safe, and says so.
    @Test func theOperatorMayTolerateWhatDoesNotMatch() async throws {
        let recorder = EventRecorder()
        let harness = try await ServiceHarness(
            "[image_format]\nrequire_image_format_match = false\n[DEFAULT]", logger: recorder.logger)
        let (other, caller) = try await newImage("iso", harness)
        try await upload(Self.qcow(), to: other, of: caller, harness)
        let active = try #require(try await harness.database.images.find(other.id))
        #expect(active.status == .active && active.virtualSize == nil)
        #expect(recorder.occurrences(of: .imageContentDoubtful).count == 1)
        let (unsafe, _) = try await newImage("qcow2", harness)
        await #expect(throws: ServiceError.self) {
            try await upload(Self.qcow(backing: 1), to: unsafe, of: caller, harness)
        }
    }

    /// `gpt_safety_checks_nonfatal`
    @Test func theOperatorMayTolerateDamagedPartitionTables() async throws {
        var bytes = [UInt8](repeating: 0, count: 5000)
        (bytes[446], bytes[510], bytes[511]) = (7, 0x55, 0xAA)
        let strict = try await ServiceHarness()
        #expect(try await refusal(of: bytes, as: "raw", strict).contains("(gpt): mbr: "))
        let lenient = try await ServiceHarness("[image_format]\ngpt_safety_checks_nonfatal = mbr\n[DEFAULT]")
        let (image, caller) = try await newImage("raw", lenient)
        try await upload(bytes, to: image, of: caller, lenient)
        #expect(try await lenient.database.images.find(image.id)?.virtualSize == 5000)
    }
}
