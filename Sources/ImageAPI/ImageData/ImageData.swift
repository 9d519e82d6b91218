import HTTPServer
import HTTPTypes
import Hummingbird
import ImageModel
import ImageService
import ImageStore
import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// `/v2/images/{image_id}/file` (Images API v2, "Image data").
struct ImageData: Sendable {
    let service: ImageService
    let transfers: TransferCount

    var routes: [Route] {
        [
            Route(.get, "/v2/images/{image_id}/file", body: .rejected, handler: download),
            Route(.put, "/v2/images/{image_id}/file", handler: upload),
        ]
    }

    // MARK: Upload

    @Sendable private func upload(_ request: Request, _ context: APIContext) async throws -> Response {
        let size = try Self.uploadSize(request.headers)
        try await transfers.counting {
            try await service.upload(
                request.body, to: context.pathParameters["image_id"], store: request.headers[.imageMetaStore],
                expectedSize: size, for: context.caller)
        }
        return .empty(.noContent)
    }

    /// Checks the headers of an upload and says how many bytes are to come, as far as the client tells.
    ///
    /// - Throws: ``APIError``: 415 for other content types, 400 for a size that is not a number.
    static func uploadSize(_ headers: HTTPFields) throws(APIError) -> Int64? {
        let type = (headers[.contentType] ?? "").prefix { $0 != ";" }.lowercased().trimmingBlanks()
        guard type == "application/octet-stream" else {
            throw APIError(.unsupportedMediaType, "Image data must have the content type application/octet-stream.")
        }
        guard let announced = headers[.imageSize] else { return headers[.contentLength].flatMap { Int64($0) } }
        guard let size = Int64(announced.trimmingBlanks()), size >= 0 else {
            throw .badRequest("The header x-openstack-image-size must be a number of bytes.")
        }
        return size
    }

    // MARK: Download

    @Sendable private func download(_ request: Request, _ context: APIContext) async throws -> Response {
        let preferred = try request.query()["prefer"] ?? ""
        let stores = preferred.split(separator: ",").map { String($0).trimmingBlanks() }.filter { !$0.isEmpty }
        let download = try await service.download(
            context.pathParameters["image_id"], preferredStores: stores, for: context.caller)
        guard download.hasData else { return .empty(.noContent) }

        let plan = try DownloadPlan(image: download.image, headers: request.headers)
        guard plan.sendsData else { return Response(status: plan.status, headers: plan.headers) }
        let content = try await download.open(range: plan.range)
        var answer = try Self.answer(plan, content)
        answer.body = transfers.counting(answer.body)
        if download.isTold { answer.body = Self.telling(download, answer.body, length: plan.length) }
        return answer
    }

    /// A body that tells what was sent of it.
    private static func telling(_ download: ImageDownload, _ body: ResponseBody, length: Int64?) -> ResponseBody {
        ResponseBody(contentLength: body.contentLength) { writer in
            let count = ByteCount()
            defer { download.tellSent(count.value, of: length) }
            try await body.write(ImageAPI.counting(writer, count))
        }
    }

    /// Joins head and body. A store that holds another number of bytes than the image has is found out before the head is
    /// sent, where the store can tell; else the connection ends early, so that no client takes the data for complete.
    static func answer(_ plan: DownloadPlan, _ content: StoreContent) throws(APIError) -> Response {
        var headers = plan.headers
        switch content {
        case .file(let descriptor, let region):
            let count = region.upperBound - region.lowerBound
            guard plan.length ?? count == count else {
                close(descriptor)
                throw .wrongSize
            }
            headers[.contentLength] = String(count)
            return Response(
                status: plan.status, headers: headers, body: .file(descriptor: descriptor, region: region))
        case .stream(let size, let chunks):
            if let size, let expected = plan.length, size != expected { throw .wrongSize }
            let length = plan.length ?? size
            if let length { headers[.contentLength] = String(length) }
            return Response(status: plan.status, headers: headers, body: Self.body(chunks, length: length))
        }
    }

    /// A body that takes the next chunk when the client has taken the one before.
    private static func body(_ chunks: StoreChunks, length: Int64?) -> ResponseBody {
        ResponseBody(contentLength: length.map { Int($0) }) { writer in
            var rest = length
            for try await chunk in chunks {
                if let left = rest {
                    guard left >= Int64(chunk.readableBytes) else { throw APIError.wrongSize }
                    rest = left - Int64(chunk.readableBytes)
                }
                try await writer.write(chunk)
            }
            guard rest ?? 0 == 0 else { throw APIError.wrongSize }
            try await writer.finish(nil)
        }
    }
}

extension APIError {
    /// 500: the store's data are not what the image says.
    static let wrongSize = APIError(
        .internalServerError, "The stored data do not have the size that the image has.")
}
