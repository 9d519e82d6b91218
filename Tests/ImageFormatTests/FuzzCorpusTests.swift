import Foundation
import TestSupport
import Testing

@testable import ImageFormat

/// What the fuzzer has found interesting (`make fuzz`).
@Suite struct FuzzCorpusTests {
    @Test(arguments: InspectorProperties.all.map(\.name))
    func savedInputsKeepTheProperties(name: String) throws {
        let target = try #require(InspectorProperties.all.first { $0.name == name })
        let folder = Project.root + "/Tests/Fuzz/corpus/" + name
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(!files.isEmpty)
        for file in files {
            let bytes = try Data(contentsOf: URL(filePath: folder + "/" + file))
            let violation = bytes.withUnsafeBytes { bytes -> InspectorProperties.Violation? in
                do throws(InspectorProperties.Violation) { try target.check(bytes) } catch { return error }
                return nil
            }
            #expect(violation == nil, "\(file)")
        }
    }
}
