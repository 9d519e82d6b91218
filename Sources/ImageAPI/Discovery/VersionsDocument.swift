import HTTPTypes
import Hummingbird
import JSON

/// The list of API versions that this configuration offers. A client never selects one: the number only says which features
/// exist.
struct VersionsDocument: PipelineResponder {
    /// Minor versions, as they are listed.
    private let minors: [Int]
    private let current: Int
    private let names: Set<String>

    /// - Parameters:
    ///   - isMultiStore: `enabled_backends` is set.
    ///   - hasCache: `image_cache_dir` is set.
    init(isMultiStore: Bool, hasCache: Bool) {
        var minors = [0, 1, 2, 3, 4, 5, 6, 7, 9, 15, 17]
        if isMultiStore { minors += [8, 10, 11, 12, 13] }
        if hasCache { minors += [14, 16, 18] }
        self.minors = minors.sorted(by: >)
        current = hasCache ? 18 : 17
        names = Set(minors.map { "v2.\($0)" }).union(["v2"])
    }

    /// Whether `v2` or `v2.N` is one of them.
    func accepts(_ version: String) -> Bool {
        names.contains(version)
    }

    /// - Parameter baseURL: see ``APIContext/baseURL``.
    func response(_ status: HTTPResponse.Status, baseURL: String) -> Response {
        .json(status, capacity: 2048) { writer in
            writer.object { writer in
                writer.field("versions") { writer in
                    writer.array { writer in
                        for minor in minors { self.write(minor, baseURL, to: &writer) }
                    }
                }
            }
        }
    }

    private func write(_ minor: Int, _ baseURL: String, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", "v2.\(minor)")
            writer.field("status", minor == current ? "CURRENT" : "SUPPORTED")
            writer.field("links") { writer in
                writer.array { writer in
                    writer.object { writer in
                        writer.field("rel", "self")
                        writer.field("href", "\(baseURL)/v2/")
                    }
                }
            }
        }
    }

    func respond(to request: Request, context: APIContext) async -> Response {
        response(.multipleChoices, baseURL: context.baseURL)
    }
}
