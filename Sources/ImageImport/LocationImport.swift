import Cryptography
import Glibc
import ImageDatabase
import ImageFormat
import ImageModel
import ImageService
import ImageStore
import JSON
import NIOCore
import TextCoding

/// What a task of the locations API does: the location becomes the image's, and its data are read and hashed.
///
/// Without a hash to compare with, the image is active at once, and gets its hash when that is known.
struct LocationImport {
    static let type = "location_import"

    let run: ImportRun
    private let url: String
    private let validation: (algorithm: String, value: String)?

    /// - Throws: ``ImportFailure``.
    init(_ run: ImportRun) throws {
        self.run = run
        guard let url = run.task.input?["loc_url"]?.stringValue else {
            throw ImportFailure("The task's input has no 'loc_url'.")
        }
        self.url = url
        if let data = run.task.input?["validation_data"], let value = data["os_hash_value"]?.stringValue {
            let standard = run.tools.service.settings.hashingAlgorithm
            validation = (data["os_hash_algo"]?.stringValue ?? standard, value)
        } else {
            validation = nil
        }
    }

    /// Does it, or what is left of it after a crash.
    func finish(_ image: Image) async throws -> Image {
        var image = image
        if image.locations.isEmpty { image = try await attach(to: image) }
        let settings = run.tools.settings
        if settings.hashesLocations {
            if validation == nil { image = try await change(image) { $0.status = .active } }
            if image.hashValue == nil { image = try await hash(image, tries: settings.hashTries) }
        } else if let validation {
            image = try await change(image) {
                $0.hashAlgorithm = validation.algorithm
                $0.hashValue = validation.value
            }
        }
        return try await change(image) { $0.status = .active }
    }

    private func attach(to image: Image) async throws -> Image {
        let service = run.tools.service
        let location = try await service.checkedLocation(LocationDraft(url: url))
        var changed = image
        if let store = service.stores.store(for: location) {
            changed.size = try await store.size(of: location, context: .service)
        }
        do {
            try await service.database.imports.attach(location, to: image, changed, by: run.job)
        } catch .conflict {
            throw LostJob()
        }
        guard let now = try await service.database.images.find(image.id) else { throw LostJob() }
        service.common.tellUpdate(now)
        return now
    }

    private func change(_ image: Image, _ change: (inout Image) -> Void) async throws -> Image {
        var changed = image
        change(&changed)
        try await run.change(image, to: changed)
        return changed
    }

    /// Reads the data. An image that is active already stays so when they cannot be read, without a hash.
    private func hash(_ image: Image, tries: Int) async throws -> Image {
        let algorithm = validation?.algorithm ?? run.tools.service.settings.hashingAlgorithm
        guard let found = try await read(image, algorithm, tries: tries) else { return image }
        if let validation, validation.value.lowercased() != found.value {
            throw ImportFailure("The data do not have the os_hash_value that was given.")
        }
        let virtualSize = try accept(found.content, as: image)
        return try await change(image) {
            $0.checksum = found.checksum
            $0.hashAlgorithm = algorithm
            $0.hashValue = found.value
            if $0.size == nil { $0.size = found.size }
            if let virtualSize { $0.virtualSize = virtualSize }
        }
    }

    /// Data that are refused end the import of an image that is not active yet. One that is stays so, as people may have started it.
    private func accept(_ content: ImageContent?, as image: Image) throws -> Int64? {
        let service = run.tools.service
        do throws(ServiceError) {
            return try service.accept(content, as: image, for: nil)
        } catch {
            guard image.status == .active else { throw error }
            service.logDoubtful(image, error.text, for: nil)
            return nil
        }
    }

    private struct Digests {
        var checksum: String
        var value: String
        var size: Int64
        var content: ImageContent?
    }

    /// Nil when the data of an active image cannot be read.
    private func read(_ image: Image, _ algorithm: String, tries: Int) async throws -> Digests? {
        var failure: StoreError?
        for attempt in 0..<max(1, tries) {
            if attempt > 0 { try await Task.sleep(for: .seconds(1)) }
            let result = await Self.result { try await digests(of: image, algorithm) }
            switch result {
            case .success(let digests): return digests
            case .failure(let error as StoreError): failure = error
            case .failure(let error): throw error
            }
        }
        if let failure, image.status != .active { throw failure }
        run.tools.service.common.log(
            .importStoreFailed, level: .warning, "The data of a location could not be hashed", image: image.id,
            for: nil, error: failure, ["task_id": .string(run.job.taskID)])
        return nil
    }

    private static func result<Value>(_ work: () async throws -> Value) async -> Result<Value, any Error> {
        do { return .success(try await work()) } catch { return .failure(error) }
    }

    private func digests(of image: Image, _ algorithm: String) async throws -> Digests {
        run.progress.begin(expected: image.size)
        defer { run.progress.end() }
        let inspection = run.tools.service.inspection(of: image)
        switch try await run.open(image) {
        case .file(let descriptor, let region):
            return try await Self.digests(
                of: FileBody(descriptor: descriptor, region: region, progress: run.progress), algorithm, inspection)
        case .stream(_, let chunks):
            return try await Self.digests(
                of: CountedBody(base: chunks, progress: run.progress), algorithm, inspection)
        }
    }

    private static func digests<Body: AsyncSequence>(
        of body: Body, _ algorithm: String, _ inspection: ContentInspection?
    ) async throws -> Digests where Body.Element == ByteBuffer {
        var checksum = try Digest("md5")
        var value = try Digest(algorithm)
        var inspection = inspection
        var size: Int64 = 0
        for try await buffer in body {
            checksum.update(buffer)
            value.update(buffer)
            buffer.withUnsafeReadableBytes { inspection?.consume($0) }
            size += Int64(buffer.readableBytes)
        }
        try Task.checkCancellation()
        return Digests(
            checksum: Hexadecimal.text(checksum.finish()), value: Hexadecimal.text(value.finish()), size: size,
            content: inspection?.finish())
    }
}
