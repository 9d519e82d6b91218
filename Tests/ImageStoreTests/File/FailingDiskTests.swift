import FileDriver
import Foundation
import ImageModel
import ImageStore
import Logging
import NIOCore
import TestSupport
import Testing

/// Disks that are full or cannot be written. Needs to mount a small filesystem, which only root can.
@Suite(.enabled(if: geteuid() == 0, "only root can mount the small filesystem"))
struct FailingDiskTests {
    /// Runs `body` with a filesystem of 4 MiB.
    private func withSmallDisk(_ body: @Sendable (_ path: String) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let disk = "\(directory)/disk"
            try #require(mkdir(disk, 0o755) == 0)
            try await command("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk])
            do {
                try await body(disk)
            } catch {
                try await command("umount", ["-l", disk])
                throw error
            }
            try await command("umount", ["-l", disk])
        }
    }

    @Test(arguments: [nil, 6_000_000] as [Int64?])
    func saysThatTheDiskIsFull(_ expectedSize: Int64?) async throws {
        try await withSmallDisk { disk in
            let settings = FilesystemSettings(directories: [.init(path: disk)])
            try await TestStore.with(settings: settings) { test async throws in
                let writer = try await test.store.makeWriter(
                    imageID: "image", uploadID: "upload", expectedSize: expectedSize)
                await #expect(throws: StoreError.full) {
                    try await writer.write(pieces: Noise.bytes(6_000_000, seed: 7))
                }
                await writer.cancel()
                #expect(try await test.contents() == [])
                // All of the room is back.
                let bytes = Noise.bytes(3_500_000, seed: 8)
                #expect(try await test.store.read(test.put(bytes)) == bytes)
            }
        }
    }

    @Test func goesToTheDirectoryWithRoom() async throws {
        try await withSmallDisk { disk in
            try await withTemporaryDirectory { directory in
                let settings = FilesystemSettings(directories: [
                    .init(path: disk, priority: 100), .init(path: "\(directory)/large", priority: 1),
                ])
                try await TestStore.with(settings: settings) { test async throws in
                    #expect(try await test.store.add("small", [1]).url == "file://\(disk)/small")
                    let large = try await test.store.add("large", Noise.bytes(6_000_000, seed: 9))
                    #expect(large.url == "file://\(directory)/large/large")
                }
            }
        }
    }

    @Test func saysThatAllDisksAreFull() async throws {
        try await withSmallDisk { first in
            try await withSmallDisk { second in
                let settings = FilesystemSettings(directories: [
                    .init(path: first, priority: 1), .init(path: second, priority: 2),
                ])
                try await TestStore.with(settings: settings) { test async throws in
                    await #expect(throws: StoreError.full) {
                        try await test.store.makeWriter(imageID: "i", uploadID: "u", expectedSize: 6_000_000)
                    }
                    #expect(try await test.contents() == [])
                }
            }
        }
    }

    @Test func saysThatTheDiskIsReadOnly() async throws {
        try await withSmallDisk { disk in
            let settings = FilesystemSettings(directories: [.init(path: disk)])
            try await TestStore.with(settings: settings) { test async throws in
                let location = try await test.store.add("image", [1])
                try await command("mount", ["-o", "remount,ro", disk])
                let writing = await #expect(throws: StoreError.self) { try await test.store.add("other", [1]) }
                #expect(writing == .permissionDenied("cannot create the image's file: Read-only file system"))
                let removing = await #expect(throws: StoreError.self) { try await test.store.delete(location) }
                #expect(removing == .permissionDenied("cannot remove the image's file: Read-only file system"))
                #expect(try await test.store.read(location) == [1])
            }
            let error = await #expect(throws: StoreError.self) { try await TestStore.with(settings: settings) { _ in } }
            #expect(
                error
                    == .permissionDenied("cannot write in \(disk): Read-only file system"))
        }
    }

    /// As another user, because root may do everything.
    @Test func saysThatPermissionsAreMissing() async throws {
        try await withTemporaryDirectory { directory in
            try #require(chmod(directory, 0o755) == 0)
            await #expect(processExitsWith: .success) { [directory = directory as String] in
                try #require(setuid(65534) == 0)
                let store = FilesystemStore(
                    identity: StoreIdentity(id: "here"),
                    settings: FilesystemSettings(directories: [.init(path: directory)]),
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                let atStart = await #expect(throws: StoreError.self) { try await store.prepare() }
                #expect(
                    atStart
                        == .permissionDenied("cannot write in \(directory): Permission denied"))
                let later = await #expect(throws: StoreError.self) { try await store.add("image", [1]) }
                #expect(later == .permissionDenied("cannot create the image's file: Permission denied"))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
        }
    }
}
