import ArgumentParser
import CommandOptions
import Glibc
import JSON
import TextCoding

/// `glance-cache-manage`: asks a node's API about its cache, by the older interface.
struct Manage: CacheCommand {
    static let program = "glance-cache-manage"
    static let configuration = CommandConfiguration(
        commandName: program, abstract: "Lists and changes what is in a node's image cache and its queue.",
        discussion: """
            Commands: list-cached, list-queued, queue-image ID, delete-cached-image ID, delete-all-cached-images, \
            delete-queued-image ID, delete-all-queued-images.
            """,
        version: Version.current)

    @Argument(help: "The command, and the id of the image for those that want one.") var command: [String] = []
    @Flag(name: .shortAndLong, help: "Says what was done.") var verbose = false
    @Flag(name: .shortAndLong, help: "Accepted, but without effect.") var debug = false
    @ArgumentParser.Option(
        name: [.customShort("H"), .long], help: ArgumentHelp("The node.", valueName: "address"))
    var host = "0.0.0.0"
    @ArgumentParser.Option(name: .shortAndLong, help: "The port of its API.") var port = 9292
    @Flag(name: [.customShort("k"), .long], help: "Does not verify certificates.") var insecure = false
    @Flag(name: .shortAndLong, help: "Does not ask before something is removed or queued.") var force = false
    @OptionGroup var credentials: Credentials

    func execute() async throws -> Int32 {
        guard let name = command.first, name != "help" else {
            print(Self.helpMessage())
            return 0
        }
        guard let command = CacheAction(rawValue: name) else {
            complain("Unknown command: \(name)\n\n\(Self.helpMessage())")
            return 1
        }
        let id = self.command.dropFirst().first
        if command.isAboutAnImage {
            guard let id, self.command.count == 2 else {
                complain("\(name) wants the id of one image.")
                return 1
            }
            guard UUIDText.isValid(id) else {
                complain("Image ID '\(id)' is not a valid UUID.")
                return 1
            }
        } else if id != nil {
            complain("\(name) is not about one image.")
            return 1
        }
        if let question = command.question(id ?? ""), !force, !Self.confirms(question) { return 0 }
        let api = try await CacheAPI(host: host, port: port, isInsecure: insecure, credentials)
        let outcome = await Result { try await perform(command, id ?? "", api) }
        await api.close()
        do {
            let text = try outcome.get()
            if let text { print(text) }
            return 0
        } catch CacheAPI.Failure.status(404) where !command.isAboutAnImage {
            complain("The image cache of \(host) cannot be managed: it is off, or the filter cachemanage is missing.")
        } catch CacheAPI.Failure.status(403) {
            complain("Not authorized to make this request.")
        } catch {
            complain("Failed to \(name): \(error)")
        }
        return 1
    }

    /// Returns what is to be printed.
    private func perform(_ command: CacheAction, _ id: String, _ api: CacheAPI) async throws -> String? {
        switch command {
        case .listCached:
            let images = try await api.send(.GET, "cached_images")["cached_images"]?.arrayValue ?? []
            if images.isEmpty { return "No cached images." }
            return "Found \(images.count) cached images...\n" + CacheAction.table(of: images)
        case .listQueued:
            let images = try await api.send(.GET, "queued_images")["queued_images"]?.arrayValue ?? []
            if images.isEmpty { return "No queued images." }
            var table = TextTable(["ID"])
            for image in images { table.rows.append([image.stringValue ?? ""]) }
            return "Found \(images.count) queued images...\n" + table.text
        case .queueImage:
            _ = try await api.send(.PUT, "queued_images/\(id)")
            return verbose ? "Queued image \(id) for caching" : nil
        case .deleteCachedImage:
            _ = try await api.send(.DELETE, "cached_images/\(id)")
            return verbose ? "Deleted cached image \(id)" : nil
        case .deleteQueuedImage:
            _ = try await api.send(.DELETE, "queued_images/\(id)")
            return verbose ? "Deleted queued image \(id)" : nil
        case .deleteAllCachedImages: return try await deleteAll("cached", api)
        case .deleteAllQueuedImages: return try await deleteAll("queued", api)
        }
    }

    private func deleteAll(_ kind: String, _ api: CacheAPI) async throws -> String? {
        let count = try await api.send(.DELETE, "\(kind)_images")["num_deleted"]?.integerValue ?? 0
        return verbose ? "Deleted \(count) \(kind) images" : nil
    }

    private static func confirms(_ question: String) -> Bool {
        print("\(question) [y/N] ", terminator: "")
        fflush(nil)
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }
}

/// What `glance-cache-manage` can be asked for.
enum CacheAction: String {
    case listCached = "list-cached"
    case listQueued = "list-queued"
    case queueImage = "queue-image"
    case deleteCachedImage = "delete-cached-image"
    case deleteAllCachedImages = "delete-all-cached-images"
    case deleteQueuedImage = "delete-queued-image"
    case deleteAllQueuedImages = "delete-all-queued-images"

    var isAboutAnImage: Bool {
        switch self {
        case .queueImage, .deleteCachedImage, .deleteQueuedImage: true
        case .listCached, .listQueued, .deleteAllCachedImages, .deleteAllQueuedImages: false
        }
    }

    /// What the user has to agree to; nil for what changes nothing.
    func question(_ id: String) -> String? {
        switch self {
        case .listCached, .listQueued: nil
        case .queueImage: "Queue image \(id) for caching?"
        case .deleteCachedImage: "Delete cached image \(id)?"
        case .deleteAllCachedImages: "Delete all cached images?"
        case .deleteQueuedImage: "Delete queued image \(id)?"
        case .deleteAllQueuedImages: "Delete all queued images?"
        }
    }

    static func table(of images: [JSONValue]) -> String {
        func time(_ value: JSONValue?) -> String {
            let seconds: Double =
                switch value {
                case .number(let number): number
                case .integer(let number): Double(number)
                default: 0
                }
            guard seconds > 0, seconds < 1e11 else { return "N/A" }
            let text = Timestamp(microseconds: Int64((seconds * 1_000_000).rounded())).databaseText
            return text.replacing(" ", with: "T")
        }
        var table = TextTable(
            ["ID", "Last Accessed (UTC)", "Last Modified (UTC)", "Size", "Hits"], numbers: ["Size", "Hits"])
        for image in images {
            table.rows.append([
                image["image_id"]?.stringValue ?? "", time(image["last_accessed"]), time(image["last_modified"]),
                "\(image["size"]?.integerValue ?? 0)", "\(image["hits"]?.integerValue ?? 0)",
            ])
        }
        return table.text
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
