import Testing

@testable import ImageFormat

@Suite struct HostileImageTests {
    private func failures(_ bytes: [UInt8], declared: String? = nil) -> [SafetyFailure.Check] {
        let findings = content(bytes, declared: declared).findings
        #expect(findings.count == 1 && findings.allSatisfy(\.isComplete))
        return findings.flatMap(\.failures).map(\.check)
    }

    @Test("CVE-2015-5163: qcow2 with a backing file, in every version")
    func backingFiles() {
        for version in 2...3 {
            #expect(failures(Handmade.qcow(version: UInt64(version), backing: 1 << 40)) == [.backingFile])
        }
        #expect(failures(Handmade.qcow(version: 1, backing: 104)) == [.backingFile, .unknownFeatures])
    }

    @Test("CVE-2024-32498: qcow2 with an external data file, or with what nobody knows")
    func dataFilesAndUnknownFeatures() {
        #expect(failures(Handmade.qcow(features: 1 << 2)) == [.dataFile])
        for bit in 4..<64 { #expect(failures(Handmade.qcow(features: 1 << UInt64(bit))) == [.unknownFeatures]) }
        #expect(failures(Handmade.qcow(features: .max)) == [.dataFile, .unknownFeatures])
        for version in [0, 1, 4, 0xFFFF_FFFF] as [UInt64] {
            #expect(failures(Handmade.qcow(version: version)) == [.unknownFeatures])
        }
    }

    @Test("CVE-2022-47951: a VMDK that names files, or whose readers would not agree on what counts")
    func vmdkDescriptions() {
        let good = Handmade.description
        let extent = #"RW 2048 SPARSE "disk.vmdk""#
        for (text, reason) in [
            ("", "no description"), ("\u{e4}" + good, "not text"),
            (good.replacing("monolithicSparse", with: "monolithicFlat"), "createType"),
            (good.replacing("createType", with: "kind"), "createType"),
            (good.replacing("\"monolithicSparse\"", with: "monolithicSparse"), "createType"),
            (good.replacing("monolithicSparse", with: String(repeating: "x", count: 99)), "createType"),
            // Which one counts depends on who reads.
            (good + "\ncreateType=\"monolithicFlat\"", "createType"),
            (
                "createtype=\"monolithicsparse\"\n" + good.replacing("monolithicSparse", with: "monolithicFlat"),
                "createType"
            ),
            (good.replacing("disk.vmdk", with: "/etc/passwd"), "another directory"),
            (good.replacing("disk.vmdk", with: #"..\secret"#), "another directory"),
            (good.replacing(extent, with: #"RW 2048 FLAT "other-image" 0"#), "another file"),
            (good.replacing(extent, with: #"RW 2048 VMFS "other-image""#), "another file"),
            (good.replacing(extent, with: "RW 2048"), "another file"), (good.replacing(extent, with: ""), "no extent"),
            (good.replacing(extent, with: extent + "\n" + extent), "several extents"),
            (good.replacing(extent, with: "WO 2048 SPARSE \"disk.vmdk\""), "line that is not known"),
            (good.replacing(extent, with: extent + "\nparent file"), "line that is not known"),
        ] {
            let findings = content(Handmade.vmdk(text)).findings
            #expect(findings.first?.failures.first?.reason.contains(reason) == true, "\(text): \(findings)")
        }
        #expect(failures(Handmade.vmdk(good.uppercased())).isEmpty)
        #expect(failures(Handmade.vmdk(good.replacing("\n", with: "\r\n"))).isEmpty)
    }

    @Test("CVE-2022-47951: a VMDK whose header hands over to something else")
    func vmdkHeaders() {
        #expect(failures(Handmade.vmdk(capacity: 0)) == [.header])
        #expect(failures(Handmade.vmdk(capacity: 1 << 60)) == [.header])
        #expect(failures(Handmade.vmdk(version: 0)) == [.version])
        #expect(failures(Handmade.vmdk(version: 4)) == [.version])
        for (sector, sectors) in [(0, 20), (2, 20), (.max, 20), (1, 0)] as [(UInt64, UInt64)] {
            #expect(failures(Handmade.vmdk(sector: sector, sectors: sectors)) == [.descriptor])
        }
        let good = Handmade.vmdk(footer: true)
        #expect(failures(good).isEmpty)
        for place in [8, 12, 16, 511, 512, 512 + 4, 512 + 12, 512 + 28, 512 + 36, 1024, 1024 + 12, 1535] {
            var bad = good
            bad[bad.count - 1536 + place] ^= 0x41
            #expect(failures(bad) == [.footer])
        }
        var endless = good
        Handmade.put(Handmade.little(.max, 8), at: endless.count - 1024 + 56, in: &endless)
        #expect(failures(endless) == [.footer])
        #expect(failures(good + [0]) == [.footer])
    }

    @Test func vmdksThatAreOnlyDescribed() {
        for text in [
            Handmade.description, Handmade.description.replacing("monolithicSparse", with: "monolithicFlat"),
            "# Disk DescriptorFile", "# disk descriptorFILE\n",
            "#\n" + String(repeating: "x\n", count: 50_000) + "CreateType=\"a\"",
        ] { #expect(failures(Array(text.utf8)) == [.descriptor]) }
        for text in ["", "text", "createtype", String(repeating: "text\n", count: 100_000)] {
            #expect(content(Array(text.utf8)).findings == [])
        }
    }

    @Test("CVE-2015-5162: nothing that a header claims is believed")
    func hugeClaims() {
        for size in [1 << 63, .max] as [UInt64] {
            #expect(failures(Handmade.qcow(size: size)) == [.header])
            #expect(failures(Handmade.vdi(size: size)) == [.header])
            #expect(failures(Handmade.vhdx(size: size)) == [.header])
            #expect(failures(Handmade.footer(type: 3, size: size)) == [.header])
            #expect(failures(Handmade.footer(type: 2, size: size), declared: "vhd") == [.header, .header])
        }
        for count in [2048, 0xFFFF_FFFF] as [UInt64] {
            var image = Handmade.vhdx()
            Handmade.put(Handmade.little(count, 4), at: 192 << 10 + 8, in: &image)
            #expect(failures(image) == [.header])
        }
        for offset in [0, 1 << 19, 1 << 62, .max] as [UInt64] {
            #expect(failures(Handmade.vhdx(metadata: offset)) == [.header])
        }
        #expect(content(Handmade.vhdx(metadata: 1 << 61)).findings == [.incomplete(.vhdx)])
        // What is kept is bounded.
        for bytes in [
            Handmade.vmdk(sectors: .max), Handmade.vhdx(), Array(repeating: UInt8(ascii: "a"), count: 1 << 16),
        ] {
            var inspection = ContentInspection(declared: "vhd")
            let bytes = bytes + [UInt8](repeating: 0x20, count: 4 << 20)
            bytes.withUnsafeBytes { bytes in
                for start in stride(from: 0, to: bytes.count, by: 4096) {
                    inspection.consume(
                        UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 4096, bytes.count)]))
                    #expect(inspection.streams.reduce(0) { $0 + $1.buffer.count } <= 1 << 20 + 128 << 10)
                }
            }
        }
    }

    @Test func damagedTables() {
        for place in [192 << 10, 192 << 10 + 16, 1 << 20, 1 << 20 + 11, 1 << 20 + 32, 1 << 20 + 32 + 20] {
            var image = Handmade.vhdx()
            image[place] ^= 0x81
            #expect(failures(image) == [.header])
        }
        #expect(failures(Handmade.vhdx(items: [])) == [.header])
        #expect(failures(Handmade.vhdx(items: [(Handmade.virtualDiskSize, 100)])) == [.header])
        #expect(
            failures(Handmade.vhdx(items: [(Handmade.parentLocator, 65600), (Handmade.virtualDiskSize, 65536)]))
                == [.backingFile])
        #expect(failures(Handmade.vdi(type: 4)) == [.backingFile])
        var linked = Handmade.vdi()
        linked[0x1B0] = 1
        #expect(failures(linked) == [.backingFile])
        #expect(failures(Handmade.footer(type: 4, size: 1)) == [.backingFile])
        #expect(failures(Handmade.footer(type: 9, size: 1)) == [.header])
        let beheaded = [UInt8](repeating: 0, count: 5000) + Handmade.footer(type: 3, size: 1)
        #expect(failures(beheaded, declared: "vhd") == [.header])
        #expect(failures(Array("QED\0".utf8)) == [.banned])
        #expect(failures(Handmade.luks(version: 2)) == [.version])
        #expect(content(Handmade.luks(payload: 0xFFFF_FFFF)).findings == [.incomplete(.luks)])
    }

    @Test func polyglotsAreRefused() {
        let disc = Handmade.iso()
        for (bytes, formats) in [
            (Handmade.qcow() + disc[4096...], [.iso, .qcow2]), (Handmade.vdi() + disc[4096...], [.iso, .vdi]),
            (Handmade.vmdk() + disc[20480...], [.iso, .vmdk]), (Handmade.luks() + disc[8192...], [.iso, .luks]),
            (Array(Handmade.qcow()[..<510]) + [0x55, 0xAA] + disc[512...], [.gpt, .iso, .qcow2]),
            (Handmade.footer(type: 3, size: 1)[..<510] + [0x55, 0xAA], [.gpt, .vhd]),
        ] as [([UInt8], [DiskFormat])] {
            for declared in formats.map(\.rawValue) + ["raw", "ploop"] {
                #expect(throws: InspectionRefusal.ambiguous(formats)) {
                    try InspectionRules.standard.judge(bytes, as: declared)
                }
            }
        }
        #expect(
            InspectionRefusal.ambiguous([.iso, .vmdk]).description
                == "The data have the marks of several formats: iso, vmdk.")
    }

    @Test func truncatedImagesAreRefused() {
        let images: [(String, [UInt8])] = [
            ("qcow2", Handmade.qcow()), ("vdi", Handmade.vdi()), ("vhdx", Handmade.vhdx()), ("iso", Handmade.iso()),
            ("vmdk", Handmade.vmdk()), ("vmdk", Handmade.vmdk(footer: true)), ("luks", Handmade.luks()),
            ("vhd", Handmade.footer(type: 3, size: 1 << 20)),
        ]
        let lengths = [0, 1, 3, 4, 7, 8, 60, 100, 500, 511]
        for (declared, bytes) in images {
            for length in lengths where length < bytes.count {
                #expect(throws: InspectionRefusal.self) {
                    try InspectionRules.standard.judge(Array(bytes[..<length]), as: declared)
                }
            }
        }
        // However few bytes there are, what looks like the beginning of something is never taken for a disk.
        #expect(throws: InspectionRefusal.incomplete(.qcow2)) {
            try InspectionRules.standard.judge(Array(Handmade.qcow(backing: 200)[..<300]), as: "raw")
        }
    }

    /// Whatever the bytes, it ends, and how they are cut makes no difference.
    @Test func flippedBitsMakeNoDifferenceToTheRules() {
        var random = Seeded(state: 1)
        let images = [
            Handmade.qcow(), Handmade.vdi(), Handmade.iso(), Handmade.vmdk(), Handmade.vmdk(footer: true),
            Handmade.luks(),
            Handmade.gpt(), Handmade.footer(type: 3, size: 1 << 20), Array(Handmade.description.utf8),
        ]
        for image in images {
            for _ in 0..<200 {
                var bytes = image
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: 0..<min(bytes.count, 1100), using: &random)
                    bytes[Bool.random(using: &random) ? place : bytes.count - 1 - place] = .random(
                        in: 0...255, using: &random)
                }
                if Bool.random(using: &random) {
                    bytes = Array(bytes.prefix(.random(in: 0...bytes.count, using: &random)))
                }
                let whole = content(bytes, declared: "vhd")
                let cut = content(bytes, declared: "vhd", blocks: [.random(in: 1...700, using: &random), 1])
                #expect(whole == cut)
                #expect(whole.findings.allSatisfy { $0.virtualSize ?? 0 >= 0 })
            }
        }
    }
}

/// Random numbers that are the same each time (SplitMix64).
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
