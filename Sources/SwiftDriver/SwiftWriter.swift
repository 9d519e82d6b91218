import ImageModel
import ImageStore
import NIOCore
import NIOHTTP1

/// Writes one image: a small one, or one of a known size below the limit, as one object, any other in segments.
///
/// Nothing is held but the first bytes of an image, which may be all of it, and its last one, without which Swift does not
/// take an object whose length was said.
actor SwiftWriter: StoreWriter {
    private enum State {
        /// Less has come than is worth a request.
        case collecting([ByteBuffer])
        /// One object.
        case whole(ObjectUpload, last: ByteBuffer)
        /// The segment that is being written, and how many bytes it has.
        case segments(ObjectUpload?, size: Int64)
        case ended
    }

    /// Up to here an image is sent at once.
    private static let smallSize: Int64 = 128 << 10
    /// How long to wait until the container lists a segment.
    private static let listingPatience: Duration = .seconds(15)

    private let mark: UploadMark
    private let expectedSize: Int64?
    private let settings: SwiftSettings
    private let location: ImageLocation

    private var state = State.collecting([])
    /// Bytes so far.
    private var size: Int64 = 0
    private var segmentCount = 0
    /// The segment before the one that is being written: Swift may still make it durable.
    private var previous: ObjectUpload?
    private var failure: StoreError?

    init(_ mark: UploadMark, expectedSize: Int64?, settings: SwiftSettings, location: ImageLocation) {
        self.mark = mark
        self.expectedSize = expectedSize
        self.settings = settings
        self.location = location
    }

    // MARK: Writing

    func write(_ buffers: [ByteBuffer]) async throws(StoreError) {
        if let failure { throw failure }
        do throws(StoreError) {
            for buffer in buffers where buffer.readableBytes > 0 { try await append(buffer) }
        } catch {
            failure = error
            throw error
        }
    }

    private func append(_ buffer: ByteBuffer) async throws(StoreError) {
        size += Int64(buffer.readableBytes)
        switch state {
        case .collecting(var first):
            first.append(buffer)
            state = .collecting(first)
            guard size > Self.smallSize else { return }
            if let expectedSize, expectedSize < settings.largeObjectSize, expectedSize >= size {
                // The mark is as good as new.
                let upload = ObjectUpload(
                    mark.client, mark.image, headers: mark.imageHeaders, length: expectedSize)
                state = .whole(upload, last: ByteBuffer())
                for buffer in first { try await appendToObject(buffer) }
            } else {
                state = .segments(nil, size: 0)
                for buffer in first { try await appendToSegments(buffer) }
            }
        case .whole: try await appendToObject(buffer)
        case .segments: try await appendToSegments(buffer)
        case .ended: throw Self.over
        }
    }

    private static let over = StoreError.backend("the upload has ended")

    private func appendToObject(_ buffer: ByteBuffer) async throws(StoreError) {
        guard case .whole(let upload, let last) = state else { throw Self.over }
        guard size <= expectedSize ?? 0 else { throw .backend("an image is longer than was said") }
        if last.readableBytes > 0 { try await upload.write(last) }
        var buffer = buffer
        if buffer.readableBytes > 1, let most = buffer.readSlice(length: buffer.readableBytes - 1) {
            try await upload.write(most)
        }
        state = .whole(upload, last: buffer)
    }

    private func appendToSegments(_ buffer: ByteBuffer) async throws(StoreError) {
        var buffer = buffer
        while buffer.readableBytes > 0 {
            guard case .segments(let open, let filled) = state else { throw Self.over }
            let upload: ObjectUpload
            if let open { upload = open } else { upload = try await nextSegment() }
            let count = Int(min(Int64(buffer.readableBytes), settings.segmentSize - filled))
            guard let piece = buffer.readSlice(length: count) else { return }
            state = .segments(upload, size: filled + Int64(count))
            try await upload.write(piece)
            if filled + Int64(count) == settings.segmentSize { try await endSegment(upload) }
        }
    }

    private func nextSegment() async throws(StoreError) -> ObjectUpload {
        // Tells whether the upload is still ours, and whether the token is good, before data are taken that cannot be
        // asked for again.
        if segmentCount > 0 { try await mark.refresh() }
        let written = Int64(segmentCount) * settings.segmentSize
        segmentCount += 1
        let length = expectedSize.flatMap { $0 > written ? min($0 - written, settings.segmentSize) : nil }
        let upload = ObjectUpload(
            mark.client, mark.segment(segmentCount), headers: ["Content-Type": "application/octet-stream"],
            length: length)
        state = .segments(upload, size: 0)
        return upload
    }

    private func endSegment(_ upload: ObjectUpload) async throws(StoreError) {
        upload.finish()
        state = .segments(nil, size: 0)
        let before = previous
        previous = upload
        try await before?.result()
    }

    // MARK: Ending

    func commit() async throws(StoreError) -> ImageLocation {
        if let failure { throw failure }
        do throws(StoreError) {
            switch state {
            case .collecting(let buffers): try await sendAtOnce(buffers)
            case .whole(let upload, let last): try await complete(upload, last)
            case .segments(let open, _): try await complete(open)
            case .ended: throw Self.over
            }
            try await mark.confirm()
        } catch {
            failure = error
            throw error
        }
        state = .ended
        return location
    }

    private func sendAtOnce(_ buffers: [ByteBuffer]) async throws(StoreError) {
        var whole = ByteBuffer()
        for var buffer in buffers { whole.writeBuffer(&buffer) }
        try await mark.refresh(completes: true)
        try await putImage(whole, headers: mark.imageHeaders)
    }

    /// - Throws: ``StoreError/duplicate`` when another upload's image is there. One of ours is what an attempt has
    ///   written whose answer was lost.
    private func putImage(_ bytes: ByteBuffer, headers: HTTPHeaders) async throws(StoreError) {
        do throws(StoreError) {
            try await mark.client.put(mark.image, bytes, headers: headers)
        } catch .duplicate {
            guard try await mark.isImageOurs() == true else { throw .duplicate }
        }
    }

    private func complete(_ upload: ObjectUpload, _ last: ByteBuffer) async throws(StoreError) {
        guard size == expectedSize else { throw .backend("an image is shorter than was said") }
        try await mark.refresh(completes: true)
        try await upload.write(last)
        upload.finish()
        try await upload.result()
    }

    private func complete(_ open: ObjectUpload?) async throws(StoreError) {
        open?.finish()
        try await previous?.result()
        try await open?.result()
        try await awaitListing()
        try await mark.refresh(completes: true)
        var headers = mark.imageHeaders
        headers.add(name: "X-Object-Manifest", value: mark.manifest)
        try await putImage(ByteBuffer(), headers: headers)
    }

    /// Swift finds the segments by the container's list, which may lag behind when a server is busy or away.
    private func awaitListing() async throws(StoreError) {
        let end = ContinuousClock.now + Self.listingPatience
        while true {
            var (count, bytes) = (0, Int64(0))
            try await mark.client.list(mark.container, prefix: mark.names.segmentPrefix) { entries in
                count += entries.count
                bytes += entries.reduce(0) { $0 + $1.size }
            }
            if count == segmentCount, bytes == size { return }
            guard .now < end else { throw .backend("Swift's list of the container lacks segments of the image") }
            await Task.detached { try? await Task.sleep(for: .milliseconds(200)) }.value
        }
    }

    func cancel() async {
        let uploads: [ObjectUpload?]
        switch state {
        case .ended: return
        case .whole(let upload, _): uploads = [upload]
        case .segments(let open, _): uploads = [open, previous]
        case .collecting: uploads = []
        }
        state = .ended
        failure = failure ?? Self.over
        for upload in uploads { await upload?.abort() }
        // What cannot be removed now is found by the upload's record.
        try? await mark.withdraw()
    }
}
