import Testing

@testable import NFSMount

@Suite struct MountOptionsTests {
    private static let end = "retry=0,rw,nosuid,nodev,noexec"

    @Test func restrictsEveryMount() throws {
        #expect(try MountOptions.text(listed: "", asked: "") == Self.end)
        #expect(try MountOptions.text(listed: "", asked: "vers=4.1,hard,nosuid") == "vers=4.1,hard,\(Self.end)")
        #expect(try MountOptions.text(listed: "suid,exec", asked: "") == "suid,exec,\(Self.end)")
    }

    /// What root has written down is not mixed with what somebody asks for.
    @Test func theListsOptionsReplaceThoseAskedFor() throws {
        #expect(
            try MountOptions.text(listed: "vers=3,port=2050,retry=1", asked: "addr=10.0.0.1")
                == "vers=3,port=2050,retry=1,rw,nosuid,nodev,noexec")
    }

    @Test(arguments: [
        "addr=10.0.0.1", "mountaddr=10.0.0.1", "clientaddr=10.0.0.1", "mounthost=other", "port=1", "suid", "dev",
        "exec",
        "remount", "bind", "user", "users", "context=x", "x-systemd.automount", "loop", "helper=x", "fsc=../../x",
        "vers=4.1;x", "vers=", "sec=\"a\"", "sec=a/b", "VERS=4", "v4.10", "ro",
    ])
    func refusesToAskForAnotherServerOrMoreRights(_ option: String) {
        for text in [option, "hard,\(option)", "\(option),hard"] {
            let refusal = #expect(throws: MountRefusal.self) { try MountOptions.text(listed: "", asked: text) }
            #expect(refusal?.kind == .options)
        }
    }
}
