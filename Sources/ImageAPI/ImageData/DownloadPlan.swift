import HTTPTypes
import ImageModel

/// The head of a download's answer and the bytes to send: RFC 9110, sections 13 and 14, applied to an image that has data.
struct DownloadPlan {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    /// Bytes to open; nil is everything.
    let range: Range<Int64>?
    /// Number of bytes to send; nil while only the store knows it.
    let length: Int64?

    /// False for 304.
    var sendsData: Bool { status == .ok || status == .partialContent }

    /// - Throws: ``APIError``: 412 when a condition fails, 400 for several ranges, 416 for one that the data do not have.
    init(image: Image, headers request: HTTPFields) throws(APIError) {
        let tag = EntityTag(of: image)
        let preconditions = Preconditions(request)
        var headers = HTTPFields()
        headers[.eTag] = tag?.text
        switch preconditions.outcome(for: tag) {
        case .failed:
            throw APIError(.preconditionFailed, "The image data are not those that If-Match names.", headers: headers)
        case .notModified:
            self.init(status: .notModified, headers: headers, range: nil, length: nil)
            return
        case .proceed: break
        }

        headers[.contentType] = "application/octet-stream"
        headers[.acceptRanges] = "bytes"
        headers[.contentMD5] = image.checksum
        // Without a known size there is nothing to count a range from; serving everything is what RFC 9110 allows then.
        guard let size = image.size, size >= 0, preconditions.allowsRange(for: tag) else {
            self.init(status: .ok, headers: headers, range: nil, length: image.size)
            return
        }
        switch ByteRange(range: request[.range], contentRange: request[.contentRange], size: size) {
        case .whole:
            self.init(status: .ok, headers: headers, range: nil, length: size)
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
            self.init(
                status: .partialContent, headers: headers, range: range, length: range.upperBound - range.lowerBound)
        case .multiple:
            throw .badRequest("Several ranges in one request are not supported: request them one by one.")
        case .unsatisfiable:
            throw APIError(
                .rangeNotSatisfiable, "The image has \(size) bytes; the requested range is not one of them.",
                headers: [.contentRange: "bytes */\(size)"])
        }
    }

    private init(status: HTTPResponse.Status, headers: HTTPFields, range: Range<Int64>?, length: Int64?) {
        self.status = status
        self.headers = headers
        self.range = range
        self.length = length
    }
}
