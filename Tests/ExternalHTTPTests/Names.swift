import OsloConfig
import Synchronization

@testable import ExternalHTTP

/// Answers of a name server of a stranger: the next one at each lookup of a name, the last one from then on.
final class Names: Sendable {
    private let answers: Mutex<[String: [[String]]]>
    private let count = Mutex(0)

    init(_ answers: [String: [[String]]]) { self.answers = Mutex(answers) }

    /// How often anything was looked up.
    var lookups: Int { count.withLock { $0 } }

    /// A filter with the options of `[import_filtering_opts]` that resolves names here.
    func filter(_ options: String = "") throws -> ExternalURLFilter {
        let configuration = try Configuration(text: "[import_filtering_opts]\n" + options)
        return ExternalURLFilter(configuration: configuration, resolver: NameResolver { self.lookUp($0) })
    }

    private func lookUp(_ name: String) -> [IPAddress] {
        count.withLock { $0 += 1 }
        return answers.withLock { answers in
            guard var list = answers[name], let first = list.first else { return [] }
            if list.count > 1 { list.removeFirst() }
            answers[name] = list
            return first.compactMap { IPAddress($0) }
        }
    }
}
