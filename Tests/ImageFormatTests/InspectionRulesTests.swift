import Testing

@testable import ImageFormat

/// The outcome for what an image is said to be and what it is, line by line what Glance 33 does.
@Suite struct InspectionRulesTests {
    private let rules = InspectionRules.standard
    private let noise = [UInt8](repeating: 0x5A, count: 65536)

    @Test func whatIsSafeAndTruePasses() throws {
        for (bytes, declared, size) in [
            (noise, "raw", 65536), ([], "raw", nil), (Handmade.qcow(), "qcow2", 1 << 30),
            (Handmade.qcow(version: 2, features: .max), "qcow2", 1 << 30),
            (Handmade.qcow(features: 0b1011), "qcow2", 1 << 30),
            (Handmade.qcow(), "raw", 4096), (Handmade.iso(), "iso", 204800), (Handmade.iso(type: 2), "iso", nil),
            (Handmade.iso(mark: "NSR02"), "iso", 204800), (Handmade.iso(mark: "NSR03"), "raw", 40960),
            (Handmade.gpt(), "raw", 4096), (Handmade.luks(), "luks", 8192 - 2048), (Handmade.luks(), "raw", 8192),
            (Handmade.vdi(), "vdi", 1 << 30), (Handmade.vdi(type: 2), "vdi", 1 << 30),
            (Handmade.footer(type: 3, size: 1 << 30) + noise, "vhd", 1 << 30),
            (noise + Handmade.footer(type: 2, size: 65536), "vhd", 65536),
            (noise + Handmade.footer(type: 2, size: 65536), "raw", 65536 + 512), (Handmade.vhdx(), "vhdx", 1 << 30),
            (Handmade.vmdk(), "vmdk", 1 << 20), (Handmade.vmdk(footer: true), "vmdk", 1 << 20),
        ] as [([UInt8], String, Int64?)] {
            #expect(
                try rules.judge(bytes, as: declared) == InspectionRules.Acceptance(virtualSize: size), "\(declared)")
        }
    }

    /// A bootable disc has a partition table before it.
    @Test func hybridDiscsAreDiscs() throws {
        let hybrid = Array(Handmade.gpt()[..<512]) + Handmade.iso()[512...]
        #expect(try rules.judge(hybrid, as: "iso").virtualSize == 204800)
        #expect(throws: InspectionRefusal.ambiguous([.gpt, .iso])) { try rules.judge(hybrid, as: "raw") }
        #expect(throws: InspectionRefusal.mismatch(declared: "qcow2", found: .iso)) {
            try rules.judge(hybrid, as: "qcow2")
        }
    }

    @Test func whatIsSomethingElseIsRefused() throws {
        for declared in ["qcow2", "iso", "vhd", "vhdx", "vmdk", "vdi", "luks", "qed", "gpt"] {
            for bytes in [noise, []] {
                let error = #expect(throws: InspectionRefusal.self) { try rules.judge(bytes, as: declared) }
                #expect(error == .mismatch(declared: declared, found: .raw))
            }
        }
        #expect(throws: InspectionRefusal.mismatch(declared: "ploop", found: .qcow2)) {
            try rules.judge(Handmade.qcow(), as: "ploop")
        }
        #expect(
            InspectionRefusal.mismatch(declared: "iso", found: .raw).description
                == "The image's disk_format is iso, but the data are raw.")
    }

    @Test func whatNobodyLooksForPasses() throws {
        for declared in ["ploop", "ami", "aki", "ari"] {
            #expect(try rules.judge(noise, as: declared) == InspectionRules.Acceptance())
        }
    }

    @Test func kernelsMayHaveDamagedPartitionTables() throws {
        var damaged = Handmade.gpt()
        damaged[446] = 1
        #expect(throws: InspectionRefusal.self) { try rules.judge(damaged, as: "raw") }
        for declared in ["aki", "ari"] {
            #expect(try rules.judge(damaged, as: declared).warning?.contains("mbr: ") == true)
        }
        #expect(throws: InspectionRefusal.mismatch(declared: "ami", found: .gpt)) {
            try rules.judge(damaged, as: "ami")
        }
    }

    /// `gpt_safety_checks_nonfatal`
    @Test func checksOfPartitionTablesCanBeTolerated() throws {
        let lenient = InspectionRules(requiresMatch: true, vmdkTypes: [], toleratedChecks: ["mbr", "backing_file"])
        for change in [(446, 1), (447, 1), (448, 3), (449, 1), (454, 2), (450, 0), (466, 7)] as [(Int, UInt8)] {
            var damaged = Handmade.gpt()
            damaged[change.0] = change.1
            let error = #expect(throws: InspectionRefusal.self) { try rules.judge(damaged, as: "raw") }
            #expect(error?.isUnsafe == true)
            let verdict = try lenient.judge(damaged, as: "raw")
            #expect(verdict.virtualSize == 4096 && verdict.warning == error?.description)
        }
        // Of partition tables only.
        #expect(throws: InspectionRefusal.self) { try lenient.judge(Handmade.qcow(backing: 8), as: "qcow2") }
    }

    @Test func bootSectorsOfFATAreNoPartitionTables() throws {
        var boot = Handmade.gpt()
        (boot[0x10], boot[0x15], boot[446]) = (2, 0xF8, 1)
        #expect(content(boot).findings == [])
    }

    /// `require_image_format_match`
    @Test func mismatchesCanBeTolerated() throws {
        let lenient = InspectionRules(requiresMatch: false, vmdkTypes: ["monolithicSparse"], toleratedChecks: [])
        for (bytes, declared) in [
            (noise, "qcow2"), (Handmade.qcow(), "iso"), (Array(Handmade.vmdk()[..<700]), "vmdk"),
            (Handmade.qcow() + Handmade.iso()[4096...], "qcow2"),
        ] {
            let error = #expect(throws: InspectionRefusal.self) { try rules.judge(bytes, as: declared) }
            let verdict = try lenient.judge(bytes, as: declared)
            #expect(verdict.virtualSize == nil && verdict.warning == error?.description)
        }
        // What is unsafe stays unsafe.
        #expect(throws: InspectionRefusal.self) { try lenient.judge(Handmade.qcow(backing: 8), as: "qcow2") }
        #expect(throws: InspectionRefusal.self) { try lenient.judge(Handmade.qcow(features: 4), as: "raw") }
        #expect(try lenient.judge(Handmade.qcow(), as: "qcow2").virtualSize == 1 << 30)
    }

    /// `vmdk_allowed_types`
    @Test func typesOfVMDKsAreLimited() throws {
        func rules(_ types: [String]) -> InspectionRules {
            InspectionRules(requiresMatch: true, vmdkTypes: types, toleratedChecks: [])
        }
        let stream = Handmade.vmdk(
            Handmade.description.replacing("monolithicSparse", with: "streamOptimized"), footer: true)
        #expect(try rules(["StreamOptimized"]).judge(stream, as: "vmdk").virtualSize == 1 << 20)
        #expect(throws: InspectionRefusal.self) { try rules(["monolithicSparse"]).judge(stream, as: "vmdk") }
        for bytes in [stream, Handmade.vmdk()] {
            #expect(throws: InspectionRefusal.self) { try rules([]).judge(bytes, as: "vmdk") }
        }
        // What is never safe cannot be allowed.
        let flat = Handmade.vmdk(Handmade.description.replacing("monolithicSparse", with: "monolithicFlat"))
        #expect(throws: InspectionRefusal.self) { try rules(["monolithicFlat"]).judge(flat, as: "vmdk") }
    }

    @Test func toolsLearnTheFormat() throws {
        #expect(try rules.safeFormat(of: content(noise)) == .raw)
        #expect(try rules.safeFormat(of: content(Handmade.gpt())) == .gpt)
        #expect(try rules.safeFormat(of: content(Handmade.qcow())) == .qcow2)
        #expect(throws: InspectionRefusal.self) { try rules.safeFormat(of: content(Handmade.qcow(backing: 1))) }
        #expect(throws: InspectionRefusal.incomplete(.qcow2)) {
            try rules.safeFormat(of: content(Array(Handmade.qcow()[..<100])))
        }
    }
}
