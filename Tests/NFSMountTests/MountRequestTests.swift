import Testing

@testable import NFSMount

@Suite struct MountRequestTests {
    @Test func readsWhatItWrites() throws {
        for request in [
            MountRequest.check, .mount(export: "nas:/srv/a", options: ""),
            .mount(export: "[fd00::1]:/", options: "vers=4.2,hard"),
        ] {
            #expect(try MountRequest(text: request.text + "\n") == request)
        }
    }

    @Test(arguments: [
        "", "umount nas:/srv", "mount", "mount ", "mount  nas:/srv", "mount nas:/srv a b", "check all",
        "MOUNT nas:/srv",
        "mount nas:/srv\nmount nas:/etc", "mount nas:/srv\0", "mount -o nas:/srv",
    ])
    func refusesLinesThatAreNoRequest(_ line: String) {
        #expect(throws: MountRefusal.self) { try MountRequest(text: line) }
    }

    @Test(arguments: ["nas:/", "nas.example.org:/a/b", "10.0.0.1:/x", "[fe80::1%eth0]:/x", "nas:/a:b", "nas:/a..b/.c"])
    func takesExports(_ text: String) { #expect(MountRequest.isExport(text)) }

    @Test(arguments: [
        "", "/srv", "nas", "nas:", "nas:srv", ":/srv", "-o:/srv", "-oloop:/srv", "nas:/a/../b", "nas:/..", "nas:/.",
        "nas:/a b",
        "nas:/a,soft", "nas,other:/a", "na\u{e4}:/a", "nas:/\u{7f}", "a/b:/c", "::1:/x", "[]:/x", "[-x]:/y",
        "nas:/\(String(repeating: "x", count: 1024))",
    ])
    func refusesWhatIsNoExport(_ text: String) { #expect(!MountRequest.isExport(text)) }
}
