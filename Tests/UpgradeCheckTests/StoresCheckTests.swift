import Foundation
import Testing

@testable import UpgradeCheck

/// Directories, seen for a user who is not the one that runs the tests.
@Suite struct StoresCheckTests {
    private static let stranger = ServiceUser(name: "stranger", id: 54321, groups: [54321])

    private static let text = """
        [DEFAULT]
        enabled_backends = fast:file, web:http
        log_dir = DIR/log
        [glance_store]
        default_backend = fast
        [fast]
        filesystem_store_datadir = DIR/a/images
        [os_glance_staging_store]
        filesystem_store_datadir = DIR/staging

        """

    private func make(_ path: String, mode: Int) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test func directoriesThatTheStartWouldMakeAreLeftToIt() async throws {
        let site = try CheckedSite(Self.text)
        let report = await site.check()
        #expect(
            report[.stores] == [
                "Success: store fast: \(site.directory)/a/images does not exist yet; the start makes it",
                "Success: store web: ready",
                "Success: store os_glance_staging_store: \(site.directory)/staging does not exist yet; the start makes it",
            ])
        #expect(try site.files == ["glance-api.conf"])
    }

    @Test func directoriesThatTheServiceCannotMakeOrWriteInAreFailures() async throws {
        let site = try CheckedSite(Self.text)
        try make(site.directory + "/staging", mode: 0o700)
        try make(site.directory + "/log", mode: 0o755)
        let report = await site.check(user: Self.stranger)
        #expect(
            report[.stores] == [
                "Failure: store fast: \(site.directory)/a/images does not exist and user stranger cannot make it; run: "
                    + "install -d -o stranger -m 750 \(site.directory)/a/images",
                "Success: store web: ready",
                "Failure: store os_glance_staging_store: user stranger cannot write in \(site.directory)/staging; run: "
                    + "chown stranger \(site.directory)/staging",
            ])
        #expect(report.only(.log).hasPrefix("Failure: user stranger cannot write in \(site.directory)/log"))
        #expect(report.startStatus == .runtimeError, "the log comes first")
        #expect(report.results.contains { $0.check == .stores && $0.status == .storeUnavailable })
    }

    @Test func logsThatAreNoFilesNeedNoDirectory() async throws {
        let site = try CheckedSite("[DEFAULT]\nlog_file = /dev/null\n")
        #expect(await site.check(user: Self.stranger).only(.log) == "Success: the log goes to /dev/null")
    }

    @Test func aDirectoryIsNoLogFile() async throws {
        let site = try CheckedSite("[DEFAULT]\nlog_file = DIR\n")
        #expect(await site.check().only(.log) == "Failure: [DEFAULT] log_file = \(site.directory) is a directory")
    }

    @Test(arguments: [
        (0o707, 1, 1, true), (0o770, 1, 54321, true), (0o750, 1, 54321, false), (0o700, 54321, 1, true),
        // The owner's bits count for the owner, whatever others may.
        (0o077, 54321, 54321, false), (0o702, 1, 1, false),
    ])
    func permissionBitsAreReadAsTheKernelReadsThem(mode: mode_t, owner: uid_t, group: gid_t, isWritable: Bool) {
        var status = stat()
        (status.st_mode, status.st_uid, status.st_gid) = (mode | S_IFDIR, owner, group)
        #expect(Self.stranger.canWrite(inDirectory: status) == isWritable)
    }

    @Test func aFileIsNotADirectory() async throws {
        let site = try CheckedSite(Self.text)
        try make(site.directory + "/a", mode: 0o755)
        try site.write("a/images", "")
        #expect(
            await site.check()[.stores].first == "Failure: store fast: \(site.directory)/a/images is not a directory")
    }

    @Test func howMuchRoomThereIs() async throws {
        let site = try CheckedSite(Self.text)
        try make(site.directory + "/a/images", mode: 0o755)
        #expect(await site.check()[.stores].first?.contains("\(site.directory)/a/images has ") == true)
        let gibibyte: Int64 = 1 << 30
        typealias State = DirectoryState
        #expect(
            State.finding("/d", free: 0, of: gibibyte)
                == .failure("/d has 0 bytes free of 1024 MiB; uploads end with 413"))
        #expect(State.finding("/d", free: gibibyte / 2, of: gibibyte).outcome == .warning)
        #expect(State.finding("/d", free: 4 * gibibyte, of: 100 * gibibyte).outcome == .warning)
        #expect(
            State.finding("/d", free: 40 * gibibyte, of: 100 * gibibyte)
                == .success("/d has 40 GiB free of 100 GiB"))
    }

    @Test func whatTheDriversSayAboutTheirSettings() async throws {
        let site = try CheckedSite("[DEFAULT]\nenabled_backends = fast:file\n")
        #expect(await site.check().only(.stores).hasPrefix("Failure: [glance_store] default_backend must be set"))
    }
}
