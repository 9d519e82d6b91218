import Testing

@testable import CinderDriver

@Suite struct NFSVolumeTests {
    @Test(arguments: ["", ".", "..", "a/b", "/etc/passwd", "../volume", "a\0b", String(repeating: "x", count: 256)])
    func refusesNamesThatLeadOutOfTheExport(_ name: String) { #expect(!NFSVolume.isFileName(name)) }

    @Test func takesTheNamesOfVolumes() {
        #expect(NFSVolume.isFileName("volume-71c675ab-d94f-49cd-a114-e12490b328d9"))
        // What a snapshot leaves as the active file.
        #expect(NFSVolume.isFileName("volume-71c675ab.d94f49cd"))
    }

    @Test func readsOptionsAsCinderTellsThem() {
        #expect(NFSVolume.options(nil) == "" && NFSVolume.options(.null) == "")
        #expect(NFSVolume.options("-o vers=4.1,nconnect=4") == "vers=4.1,nconnect=4")
        #expect(NFSVolume.options("-overs=4.1 -o hard") == "vers=4.1,hard")
        #expect(NFSVolume.options("vers=3") == "vers=3")
    }

    /// As Python's Glance names it, so that what is mounted for the one is found by the other.
    @Test func findsAnExportByTheHashOfItsName() {
        #expect(
            NFSExports.mountPoint(of: "127.0.0.1:/srv/cinder", below: "/var/lib/glance/mnt")
                == "/var/lib/glance/mnt/\(Self.hash)")
    }

    /// printf %s 127.0.0.1:/srv/cinder | sha256sum
    private static let hash = "7395646357c0da45afbc91f936fb7278e71f593be49d1d0dcec364ef81f7e0e9"
}
