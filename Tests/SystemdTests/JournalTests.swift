import Foundation
import Systemd
import TestSupport
import Testing

@Suite final class JournalTests {
    private let directory = FileManager.default.temporaryDirectory.path + "/journal-\(UUID().uuidString)"
    private var path: String { directory + "/socket" }

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    @Test func anEntryIsALineForEachField() {
        var entry = JournalEntry()
        entry.append("MESSAGE", "hello=world")
        entry.append("EMPTY", "")
        #expect(entry.bytes == Array("MESSAGE=hello=world\nEMPTY=\n".utf8))
    }

    @Test func aValueWithLineEndsHasItsLengthInFront() {
        var entry = JournalEntry()
        entry.append("MESSAGE", "a\nPRIORITY=0")
        #expect(
            entry.bytes == Array("MESSAGE\n".utf8) + [12, 0, 0, 0, 0, 0, 0, 0] + Array("a\nPRIORITY=0\n".utf8))
    }

    @Test(arguments: [
        ("image_id", "IMAGE_ID"), ("X-Auth", "X_AUTH"), ("_hidden", "HIDDEN"), ("9lives", "LIVES"), ("a9", "A9"),
        ("é", nil), ("", nil), ("a=b\nc", "A_B_C"),
        (String(repeating: "n", count: 70), String(repeating: "N", count: 64)),
    ])
    func keysBecomeNamesOfFields(key: String, name: String?) {
        #expect(JournalEntry.fieldName(key).map { String(decoding: $0, as: UTF8.self) } == name)
    }

    @Test func entriesArriveAndARestartOfTheJournalIsSurvived() throws {
        let socket = try #require(JournalSocket(path: path))
        #expect(!JournalSocket.isPresent(path: path))
        #expect(socket.send(Array("MESSAGE=lost\n".utf8)) == .failed(ENOENT))
        for _ in 0..<2 {
            let receiver = try JournalReceiver(path: path)
            #expect(JournalSocket.isPresent(path: path))
            #expect(socket.send(Array("MESSAGE=hello\n".utf8)) == .sent)
            #expect(receiver.receive()?.bytes == Array("MESSAGE=hello\n".utf8))
        }
    }

    @Test func aLargeEntryTravelsInASealedFile() throws {
        let receiver = try JournalReceiver(path: path)
        let socket = try #require(JournalSocket(path: path))
        var entry = JournalEntry()
        let value = String(repeating: "0123456789abcdef", count: 2 << 20)
        entry.append("MESSAGE", "large")
        entry.append("BODY", value)
        #expect(socket.send(entry.bytes) == .sent)
        let received = try #require(try receiver.next())
        #expect(received.isSealedFile)
        #expect(received["MESSAGE"] == "large")
        #expect(received["BODY"] == value)
    }

    @Test func aFullJournalDoesNotHoldUpTheCaller() throws {
        let receiver = try JournalReceiver(path: path)
        let socket = try #require(JournalSocket(path: path))
        let entry = Array("MESSAGE=again\n".utf8)
        var sent = 0
        while socket.send(entry) == .sent { sent += 1 }
        #expect(sent > 0)
        #expect(socket.send(entry) == .full)
        #expect(receiver.receive() != nil)
        #expect(socket.send(entry) == .sent)
    }

    @Test(arguments: ["", "relative/" + String(repeating: "x", count: 120)])
    func whatIsNoPathIsNoSocket(path: String) { #expect(JournalSocket(path: path) == nil) }

    @Test func aStreamToTheJournalIsKnownByDeviceAndInode() throws {
        let descriptor = open(directory + "/stream", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        var status = stat()
        try #require(fstat(descriptor, &status) == 0)
        #expect(JournalStream.isConnected(descriptor, variable: "\(status.st_dev):\(status.st_ino)"))
        for other in [nil, "", ":", "\(status.st_dev)", "\(status.st_dev):\(status.st_ino + 1)", "1:2:3", "-1:x"] {
            #expect(!JournalStream.isConnected(descriptor, variable: other), "\(other ?? "nil")")
        }
        #expect(!JournalStream.isConnected(-1, variable: "\(status.st_dev):\(status.st_ino)"))
    }
}
