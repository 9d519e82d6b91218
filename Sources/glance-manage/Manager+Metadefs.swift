import Glibc
import ImageDatabase
import JSON

// Metadata definitions between the database and JSON files.
extension Manager {
    /// Loads a file, or all `*.json` of a directory in the order of their names. A file that cannot be read does not keep the
    /// others away.
    func loadMetadefs(from path: String, existing: MetadefsFacet.Existing) async throws(ManageFailure) {
        var failed = 0
        for file in try Self.files(path) {
            do {
                let definition = try Self.definition(file)
                let isWritten = try await database.metadefs.load(definition, existing: existing)
                print(
                    isWritten
                        ? "Loaded the namespace \(definition.namespace.name) from \(file)."
                        : "Skipped the namespace \(definition.namespace.name): it exists already.")
            } catch let error as DatabaseError {
                throw ManageFailure(error)
            } catch {
                logger.error("\(file) cannot be loaded: \(error)")
                failed += 1
            }
        }
        if failed > 0 { throw ManageFailure("ERROR: \(failed) files could not be loaded") }
    }

    func unloadMetadefs() async throws(ManageFailure) {
        do {
            try await database.metadefs.unload()
        } catch {
            throw ManageFailure(error)
        }
    }

    /// Writes one file for each namespace.
    func exportMetadefs(to directory: String) async throws(ManageFailure) {
        let files: [MetadefFile]
        do {
            files = try await database.metadefs.files()
        } catch {
            throw ManageFailure(error)
        }
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw ManageFailure("ERROR: \(directory): \(String(cString: strerror(errno)))")
        }
        for file in files {
            let name = String(file.namespace.name.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" })
            let path = "\(directory)/\(name).json"
            guard let stream = fopen(path, "we") else {
                throw ManageFailure("ERROR: \(path): \(String(cString: strerror(errno)))")
            }
            defer { fclose(stream) }
            fputs(JSONWriter.text(of: file.document) + "\n", stream)
            print("Exported the namespace \(file.namespace.name) to \(path).")
        }
    }

    private static func files(_ path: String) throws(ManageFailure) -> [String] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ManageFailure("ERROR: \(path): \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [path] }
        guard let listing = opendir(path) else {
            throw ManageFailure("ERROR: \(path): \(String(cString: strerror(errno)))")
        }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.filter { $0.hasSuffix(".json") }.sorted().map { "\(path)/\($0)" }
    }

    private static func definition(_ path: String) throws -> MetadefFile {
        guard let stream = fopen(path, "re") else {
            throw MetadefFile.Problem(description: String(cString: strerror(errno)))
        }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&part, 1, part.count, stream)
            if count == 0 { break }
            bytes += part[..<count]
        }
        return try MetadefFile(try JSONValue.parse(bytes))
    }
}
