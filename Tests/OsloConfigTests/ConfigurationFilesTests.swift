import Glibc
import Testing

@testable import OsloConfig

@Suite struct ConfigurationFilesTests {
    let scratch = Scratch()

    private func read(_ sources: ConfigurationSources) throws -> [String] {
        try Configuration.load(sources).files.map { $0.replacing(scratch.path + "/", with: "") }
    }

    @Test func theFirstHitOfTheSearchPathWins() throws {
        try scratch.write("glance-api.conf", "[DEFAULT]\n")
        #expect(try read(scratch.sources()) == ["glance-api.conf"])
        try scratch.write(".glance/glance-api.conf", "[DEFAULT]\n")
        try scratch.write(".glance/glance.conf", "[DEFAULT]\n")
        #expect(try read(scratch.sources()) == [".glance/glance.conf", ".glance/glance-api.conf"])
    }

    @Test func theVendorsFileComesBeforeTheSystems() throws {
        try scratch.write("root/usr/share/glance/glance-api-dist.conf", "[DEFAULT]\nbacklog = 1\nworkers = 1\n")
        try scratch.write("root/etc/glance/glance-api.conf", "[DEFAULT]\nworkers = 2\n")
        let configuration = try Configuration.load(scratch.sources())
        #expect(
            try read(scratch.sources()) == [
                "root/usr/share/glance/glance-api-dist.conf", "root/etc/glance/glance-api.conf",
            ])
        #expect(configuration[Options.Default.workers] == 2)
        #expect(configuration[Options.Default.backlog] == 1)
        let named = try scratch.write("own.conf", "[DEFAULT]\n")
        #expect(try Configuration.load(scratch.sources("glance-api", .file(named))).files == [named])
    }

    /// HOME of another user, or none at all.
    @Test(arguments: ["file", "loop"])
    func directoriesThatCannotBeSearchedArePassedOver(home: String) throws {
        let path = try scratch.write("root/etc/glance/glance-api.conf", "[DEFAULT]\n")
        try scratch.write("file", "")
        #expect(symlink("loop", scratch.path + "/loop") == 0)
        var sources = scratch.sources()
        sources.environment["HOME"] = scratch.path + "/" + home
        let configuration = try Configuration.load(sources)
        #expect(configuration.files == [path])
        #expect(!configuration.directories.contains { $0.hasPrefix(scratch.path + "/" + home) })
        #expect(configuration.directories.contains(scratch.path + "/root/etc/glance"))
        sources.environment["HOME"] = scratch.path + "/nothing"
        #expect(try Configuration.load(sources).directories.contains(scratch.path + "/nothing"))
    }

    @Test func aSnapshotStandsInForTheFiles() throws {
        let path = try scratch.write("glance-api.conf", "[DEFAULT]\nworkers = 3\n")
        var snapshot = try Configuration.load(scratch.sources()).snapshot
        snapshot.attachments["paste"] = .init(path: "/a b", bytes: Array("one\ntwo".utf8))
        let bytes = snapshot.bytes
        try scratch.write("glance-api.conf", "nonsense")
        var sources = scratch.sources()
        sources.environment["OS_DEFAULT__BACKLOG"] = "9"
        sources.snapshot = try ConfigurationSnapshot(bytes: Array("future 3\na\nb\n".utf8) + bytes)
        let configuration = try Configuration.load(sources)
        #expect(configuration[Options.Default.workers] == 3)
        #expect(configuration[Options.Default.backlog] == 9)
        #expect(configuration.files == [path])
        #expect(configuration.directories.first == scratch.path)
        #expect(configuration.snapshot == snapshot)
        for length in [1, 10, bytes.count - 1] {
            #expect(throws: ConfigurationError.self) {
                try ConfigurationSnapshot(bytes: Array(bytes.prefix(length)))
            }
        }
    }

    @Test func snapDirectoriesAreSearched() throws {
        let path = try scratch.write("snap/etc/glance/glance-api.conf", "[DEFAULT]\n")
        var sources = scratch.sources()
        sources.environment = ["SNAP_COMMON": scratch.path + "/snap"]
        #expect(try Configuration.load(sources).files == [path])
    }

    @Test func confDirectoriesLoadInByteOrderAndSkipOtherNames() throws {
        for name in ["9.conf", "10.conf", "x.txt", ".hidden.conf"] {
            try scratch.write(".glance/glance-api.conf.d/" + name, "[DEFAULT]\nworkers = 1\n")
        }
        try scratch.write(".glance/glance-api.conf", "[DEFAULT]\n")
        #expect(
            try read(scratch.sources()) == [
                ".glance/glance-api.conf", ".glance/glance-api.conf.d/10.conf", ".glance/glance-api.conf.d/9.conf",
            ])
    }

    @Test func argumentsApplyInCommandLineOrder() throws {
        let file = try scratch.write("a.conf", "[DEFAULT]\nworkers = 1\n")
        try scratch.write("d/b.conf", "[DEFAULT]\nworkers = 2\n")
        let directory = scratch.path + "/d/"
        let fileLast = try Configuration.load(scratch.sources("glance-api", .directory(directory), .file(file)))
        #expect(fileLast[Options.Default.workers] == 1)
        let directoryLast = try Configuration.load(scratch.sources("glance-api", .file(file), .directory(directory)))
        #expect(directoryLast[Options.Default.workers] == 2)
        #expect(directoryLast.directories.prefix(2) == [scratch.path + "/d", scratch.path])
    }

    @Test func aNamedFileWinsAgainstSearchedDirectories() throws {
        try scratch.write(".glance/glance-api.conf.d/x.conf", "[DEFAULT]\nworkers = 2\nbacklog = 7\n")
        let file = try scratch.write("a.conf", "[DEFAULT]\nworkers = 1\n")
        let configuration = try Configuration.load(scratch.sources("glance-api", .file(file)))
        #expect(configuration[Options.Default.workers] == 1)
        #expect(configuration[Options.Default.backlog] == 7)
    }

    @Test func missingFilesAndDirectoriesAreFatal() {
        #expect(throws: ConfigurationError("configuration file /nowhere/a.conf does not exist")) {
            try Configuration.load(scratch.sources("glance-api", .file("/nowhere/a.conf")))
        }
        #expect(throws: ConfigurationError("configuration directory /nowhere does not exist")) {
            try Configuration.load(scratch.sources("glance-api", .directory("/nowhere/")))
        }
    }

    @Test func importOptionsNextToTheServersFileAreReadBeforeIt() throws {
        let imports = try scratch.write("etc/glance-image-import.conf", "[image_import_opts]\n")
        let file = try scratch.write("etc/glance-api.conf", "[DEFAULT]\n")
        let configuration = try Configuration.load(scratch.sources("glance-api", .file(file)))
        #expect(configuration.files == [imports, file])
        #expect(configuration.notices == ["\(imports) is read because it lies next to \(file)"])
        // Named already: once, where it was named.
        #expect(
            try Configuration.load(scratch.sources("glance-api", .file(file), .file(imports))).files == [file, imports])
        #expect(try Configuration.load(scratch.sources("glance-manage", .file(file))).files == [file])
    }

    @Test func theWSGIApplicationsVariableNamesTheDirectory() throws {
        try scratch.write("glance-api.conf", "[DEFAULT]\n")
        let file = try scratch.write("etc/glance-api.conf", "[DEFAULT]\n")
        var sources = scratch.sources()
        sources.environment["OS_GLANCE_CONFIG_DIR"] = scratch.path + "/etc"
        #expect(try Configuration.load(sources).files == [file])
        sources.environment["OS_GLANCE_CONFIG_DIR"] = scratch.path + "/empty"
        #expect(throws: ConfigurationError.self) { try Configuration.load(sources) }
    }

    @Test func manageReadsTheServersFileAndThenItsOwn() throws {
        try scratch.write(".glance/glance-manage.conf", "[DEFAULT]\n")
        try scratch.write(".glance/glance-api.conf", "[DEFAULT]\n")
        #expect(
            try read(scratch.sources("glance-manage")) == [".glance/glance-api.conf", ".glance/glance-manage.conf"])
    }

    @Test func cacheToolsReadTheCacheFile() throws {
        try scratch.write(".glance/glance-cache.conf", "[DEFAULT]\n")
        try scratch.write(".glance/glance-api.conf", "[DEFAULT]\n")
        #expect(try read(scratch.sources("glance-cache-pruner")) == [".glance/glance-cache.conf"])
    }
}
