import Foundation
import TestSupport
import Testing

@testable import NFSMount

@Suite struct ExportListTests {
    @Test func readsExportsAndTheirOptions() throws {
        let list = try ExportList(text: "# mine\n\n nas:/a\t \nnas:/b vers=4.2,hard # fast\r\n#nas:/c\n")
        #expect(list.exports == ["nas:/a": "", "nas:/b": "vers=4.2,hard"])
        #expect(try ExportList(text: "").isEmpty)
    }

    @Test(arguments: ["nas", "nas:/a soft hard", "-o:/x", "nas:/../x"])
    func saysWhichLineIsWrong(_ line: String) {
        let refusal = #expect(throws: MountRefusal.self) { try ExportList(text: "nas:/a\n\(line)") }
        #expect(refusal?.kind == .list && refusal?.text.hasPrefix("line 2 ") == true)
    }

    @Test func aListThatOthersCouldChangeIsNotUsed() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/exports"
            try "nas:/a\n".write(toFile: path, atomically: true, encoding: .utf8)
            chmod(path, 0o640)
            #expect(try !ExportList(path: path).isEmpty)
            for mode in [0o660, 0o646] as [mode_t] {
                chmod(path, mode)
                #expect(throws: MountRefusal.self) { try ExportList(path: path) }
            }
            chmod(path, 0o640)
            chown(path, 1, 0)
            #expect(throws: MountRefusal.self) { try ExportList(path: path) }
            #expect(throws: MountRefusal.self) { try ExportList(path: directory) }
            #expect(throws: MountRefusal.self) { try ExportList(path: "\(directory)/nothing") }
        }
    }
}
