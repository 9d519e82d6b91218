import ImageFormat
import ImageModel
import ImageService
import ImageStore
import NIOCore

/// Copies that do not leave the storage system.
extension ImportRun {
    /// Lets the writer's driver copy the data of an image from another store, if it can.
    ///
    /// Their hashes are taken over: nothing but the storage system has had the data in its hands, which has checksums of its own.
    /// What is compared is the size, and what the data are is looked at.
    ///
    /// - Returns: nil where this is not the way, and nothing has been written.
    func copyWithin(_ image: Image, into writer: any StoreWriter) async throws -> UploadResult? {
        guard let size = image.size, size <= service.quotas.imageSize, let checksum = image.checksum,
            let algorithm = image.hashAlgorithm, let value = image.hashValue
        else { return nil }
        for location in service.stores.ordered(image.locations) {
            guard let source = service.stores.store(for: location),
                let copied = try await writer.copy(location, of: source, progress: { [progress] in progress.add($0) })
            else { continue }
            try Task.checkCancellation()
            guard copied == size else { throw ImportFailure("The data do not have the size that the image has.") }
            let content = try await service.inspection(of: image)?.content(ofSize: size) { range in
                try await Self.bytes(of: location, range, in: source)
            }
            return UploadResult(
                size: size, checksum: checksum, hashAlgorithm: algorithm, hashValue: value, content: content)
        }
        return nil
    }

    private static func bytes(
        of location: ImageLocation, _ range: Range<Int64>, in store: any Store
    ) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        switch try await store.open(location, range: range, context: .service) {
        case .file(let descriptor, let region):
            let body = FileBody(descriptor: descriptor, region: region, progress: ImportProgress())
            for try await buffer in body { bytes += buffer.readableBytesView }
        case .stream(_, let chunks):
            for try await buffer in chunks { bytes += buffer.readableBytesView }
        }
        return bytes
    }
}
