import Foundation
import Testing

/// Holds the house to its plan (docs/architecture.md): arrows between rooms only point down.
@Suite struct ArchitectureTests {
    /// What each room may know, besides the C shims and libraries. A room that is not listed here fails the test.
    static let mayKnow: [String: Set<String>] = [
        "CommandOptions": ["OsloConfig"],
        "glance-api": [
            "CommandOptions", "Supervisor", "GlanceWorker", "Scrubber", "UnifiedLimits", "UpgradeCheck", "Scoreboard",
            "HTTPServer", "OsloConfig", "OsloLog", "Events",
        ],
        "glance-scrubber": ["CommandOptions", "Scrubber", "OsloConfig", "OsloLog"],
        "glance-status": ["CommandOptions", "UpgradeCheck", "OsloConfig", "OsloLog"],
        "glance-manage": ["CommandOptions", "ImageDatabase", "ImageModel", "OsloConfig", "OsloLog"],
        "Supervisor": ["Scoreboard", "Systemd", "OsloConfig", "OsloLog", "Events"],
        "UpgradeCheck": [
            "ImageAPI", "ImageService", "Authorization", "UnifiedLimits", "ImageDatabase", "ImageStore",
            "StoreDrivers", "FileDriver", "ImageModel", "Identity", "Scoreboard", "OsloConfig", "OsloLog",
        ],
        "Scrubber": [
            "ImageDatabase", "ImageStore", "StoreDrivers", "Staging", "ImageModel", "OsloConfig", "Events",
        ],
        "UnifiedLimits": ["Identity", "ImageDatabase", "ImageModel", "OsloConfig", "Events"],
        "GlanceWorker": [
            "ImageAPI", "ImageService", "Authorization", "UnifiedLimits", "ImageDatabase", "ImageStore",
            "StoreDrivers", "HTTPServer",
            "Identity", "OsloPolicy", "OsloConfig", "OsloLog", "Events", "Scoreboard",
        ],
        "ImageAPI": [
            "ImageService", "Authorization", "ImageModel", "ImageDatabase", "ImageStore", "HTTPServer", "Identity",
            "OsloConfig",
            "Events",
        ],
        "ImageService": [
            "Authorization", "ImageModel", "UnifiedLimits", "ImageDatabase", "ImageStore", "ExternalHTTP",
            "OsloConfig", "Events",
        ],
        "Authorization": ["OsloPolicy", "Identity", "ImageModel", "OsloConfig"],
        "ImageDatabase": ["ImageModel", "OsloConfig", "Events"],
        "StoreDrivers": ["FileDriver", "HTTPDriver", "ImageStore"],
        "FileDriver": ["ImageStore", "ImageModel", "OsloConfig"],
        "HTTPDriver": ["ImageStore", "ImageModel", "ExternalHTTP", "OsloConfig"],
        "Staging": ["FileDriver", "ImageStore", "ImageModel", "OsloConfig"],
        "ImageStore": ["ImageModel", "OsloConfig", "Events"],
        "ExternalHTTP": ["OsloConfig"],
        "Identity": ["OsloConfig", "Events"],
        "OsloLog": ["OsloConfig", "Events", "Systemd"],
        "Events": [],
        "Scoreboard": [],
        "HTTPServer": [],
        "ImageModel": [],
        "OsloPolicy": [],
        "OsloConfig": [],
        "Systemd": [],
    ]

    static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources")

    @Test func everyRoomIsOnThePlan() throws {
        let rooms = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
            .filter { !$0.hasPrefix(".") && !Self.isShim($0) }
        #expect(Set(rooms) == Set(Self.mayKnow.keys))
    }

    /// `CLinux`, `CLibpq`, …: a C and the library's name.
    private static func isShim(_ room: String) -> Bool {
        room.hasPrefix("C") && room.dropFirst().first?.isUppercase == true
    }

    @Test(arguments: mayKnow.keys.sorted())
    func importsOnlyPointDown(room: String) throws {
        let allowed = try #require(Self.mayKnow[room])
        for (file, module) in try Self.imports(of: room) where Self.mayKnow[module] != nil {
            #expect(module == room || allowed.contains(module), "\(file) imports \(module)")
        }
    }

    @Test func thePlanHasNoCircle() {
        for room in Self.mayKnow.keys {
            #expect(!Self.reachable(from: room).contains(room), "\(room) depends on itself")
        }
    }

    private static func reachable(from room: String) -> Set<String> {
        var found: Set<String> = []
        var waiting = Array(mayKnow[room] ?? [])
        while let next = waiting.popLast() {
            if found.insert(next).inserted { waiting += mayKnow[next] ?? [] }
        }
        return found
    }

    @Test("CVE-2014-0162: nothing runs a shell", arguments: mayKnow.keys.sorted())
    func nothingRunsAShell(room: String) throws {
        let folder = Self.sources.appending(path: room)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        for file in files {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            for shell in ["popen(", "Glibc.system(", "bin/sh", "bin/bash", "wordexp("] where text.contains(shell) {
                Issue.record("\(room)/\(file) holds \(shell)")
            }
        }
    }

    private static func imports(of room: String) throws -> [(file: String, module: String)] {
        let folder = sources.appending(path: room)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        #expect(!files.isEmpty)
        return try files.flatMap { file in
            try String(contentsOf: folder.appending(path: file), encoding: .utf8).split(separator: "\n")
                .compactMap { line in
                    let words = line.split(separator: " ")
                    guard let position = words.firstIndex(of: "import"), position <= 2, words.count > position + 1,
                        !line.hasPrefix("//")
                    else { return nil }
                    return ("\(room)/\(file)", String(words[position + 1]))
                }
        }
    }
}
