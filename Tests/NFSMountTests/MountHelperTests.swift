import Foundation
import TestSupport
import Testing

@testable import NFSMount

/// The helper itself, as systemd starts it, with exports of this machine. Needs root.
@Suite struct MountHelperTests {
    /// Runs `body` with a directory that is exported.
    private static func with(
        user: String = "root", folder: String = "", list: String? = nil,
        _ body: @escaping @Sendable (MountClient, _ directory: String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let environment = [
                "GLANCE_MOUNT": Project.mountHelper, "MOUNT_USER": user,
                "MOUNT_EXPORTS": list ?? "127.0.0.1:\(directory)\(folder)",
            ]
            try await withServer("mount-helper", environment) { helper in
                try await body(MountClient(socket: helper.setting("MOUNT_SOCKET")), directory)
            }
        }
    }

    private static func refusal(_ body: () throws -> Void) -> MountRefusal? {
        let error = #expect(throws: MountError.self) { try body() }
        guard case .refused(let refusal) = error else {
            Issue.record("\(String(describing: error))")
            return nil
        }
        return refusal
    }

    @Test func handsOutTheExportAndNothingElseSeesIt() async throws {
        try await Self.with { client, directory in
            try client.check()
            try "there".write(toFile: "\(directory)/file", atomically: true, encoding: .utf8)
            let before = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
            let root = try client.mount("127.0.0.1:\(directory)", options: "vers=4.2,hard")
            defer { close(root) }
            #expect(try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) == before)

            let file = openat(root, "file", O_RDWR)
            defer { close(file) }
            #expect(pwrite(file, "THERE", 5, 0) == 5)
            #expect(try String(contentsOfFile: "\(directory)/file", encoding: .utf8) == "THERE")
            // Nothing is above the export's root.
            #expect(faccessat(root, "../file", F_OK, 0) == 0)
        }
    }

    /// Whatever mount.nfs makes of the options.
    @Test func nothingInAnExportIsAProgramOrADevice() async throws {
        try await Self.with { client, directory in
            let root = try client.mount("127.0.0.1:\(directory)", options: "")
            defer { close(root) }
            var status = statvfs()
            #expect(fstatvfs(root, &status) == 0)
            for flag in [2, 4, 8] as [UInt] { #expect(status.f_flag & flag == flag, "ST_NOSUID, ST_NODEV, ST_NOEXEC") }
            #expect(status.f_flag & 1 == 0, "ST_RDONLY")
        }
    }

    @Test func aMountLastsAsLongAsAFileOfItIsOpen() async throws {
        try await Self.with { client, directory in
            let root = try client.mount("127.0.0.1:\(directory)", options: "")
            try "x".write(toFile: "\(directory)/file", atomically: true, encoding: .utf8)
            let file = openat(root, "file", O_RDONLY)
            close(root)
            var byte: UInt8 = 0
            #expect(pread(file, &byte, 1, 0) == 1)
            close(file)
        }
    }

    @Test func servesItsUserOnly() async throws {
        try await Self.with(user: "nobody") { client, directory in
            // What glance-api --check-config asks as root.
            try client.check()
            #expect(Self.refusal { _ = try client.mount("127.0.0.1:\(directory)", options: "") }?.kind == .user)
        }
        try await Self.with(user: "nobody-of-that-name") { client, _ in
            #expect(Self.refusal { try client.check() }?.kind == .user)
        }
    }

    @Test func mountsWhatIsListedOnly() async throws {
        try await Self.with { client, directory in
            for export in ["127.0.0.1:/etc", "127.0.0.1:/", "127.0.0.1:\(directory)/", "localhost:\(directory)"] {
                #expect(Self.refusal { _ = try client.mount(export, options: "") }?.kind == .export)
            }
            #expect(Self.refusal { _ = try client.mount("127.0.0.1:\(directory)/..", options: "") }?.kind == .request)
        }
    }

    @Test func refusesOptionsOfOthers() async throws {
        try await Self.with { client, directory in
            for options in ["suid", "addr=10.0.0.1", "hard,exec", "x-mount.mkdir"] {
                #expect(
                    Self.refusal { _ = try client.mount("127.0.0.1:\(directory)", options: options) }?.kind == .options)
            }
            #expect(
                Self.refusal { _ = try client.mount("127.0.0.1:\(directory)", options: "hard suid") }?.kind == .request)
        }
    }

    @Test func saysWhatTheProgramSays() async throws {
        try await Self.with(folder: "/nothing") { client, directory in
            let refusal = Self.refusal { _ = try client.mount("127.0.0.1:\(directory)/nothing", options: "") }
            #expect(refusal?.kind == .failed && refusal?.text.contains("access denied by server") == true)
        }
    }

    @Test func aListThatCannotBeReadIsNamed() async throws {
        try await Self.with(list: "nonsense") { client, _ in
            #expect(Self.refusal { try client.check() }?.kind == .list)
        }
    }

    @Test func anAbsentHelperIsAnErrorWithAnAdvice() {
        let error = #expect(throws: MountError.self) { try MountClient(socket: "/nowhere").check() }
        #expect(error == .absent("/nowhere"))
        #expect(error?.description.contains("systemctl enable --now openstack-glance-mount.socket") == true)
    }

    @Test func aMissingProgramIsAnErrorWithAnAdvice() {
        let refusal = #expect(throws: MountRefusal.self) {
            try MountProgram(path: "/sbin/no-such-program", timeLimit: 1).check()
        }
        #expect(refusal?.kind == .program && refusal?.text.contains("nfs-common") == true)
    }

    @Test func aProgramThatHangsIsEnded() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/mount.nfs"
            try "#!/bin/sh\nexec sleep 300\n".write(toFile: path, atomically: true, encoding: .utf8)
            chmod(path, 0o755)
            let refusal = #expect(throws: MountRefusal.self) {
                try MountProgram(path: path, timeLimit: 0).mount("nas:/a", on: "/nowhere", options: "rw")
            }
            #expect(refusal?.kind == .failed && refusal?.text.contains("not mounted within") == true)
        }
    }
}
