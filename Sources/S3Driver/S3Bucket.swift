import ImageStore
import NIOCore
import NIOHTTP1
import OutgoingHTTP
import TextCoding
import XML

/// What is done with one bucket: each method is one call of the S3 API.
struct S3Bucket: Sendable {
    let client: S3Client
    let name: String

    /// What an object is, without its data.
    struct Object: Sendable, Equatable {
        var size: Int64
        var tag: String?
        var modified: Timestamp?
        /// The upload of ours that wrote it.
        var owner: String?

        init(_ headers: HTTPHeaders) {
            size = headers.first(name: "Content-Length").flatMap { Int64($0) } ?? 0
            tag = headers.first(name: "ETag")
            modified = headers.first(name: "Last-Modified").flatMap(S3Refusal.time(httpDate:))
            owner = headers.first(name: S3Names.ownerHeader)
        }
    }

    /// A name in a list.
    struct Entry: Sendable, Equatable {
        var key: String
        var size: Int64 = 0
        var modified: Timestamp?
        /// Of an upload in parts: the service's id.
        var multipart = ""
    }

    /// A part that the service has.
    struct Part: Sendable, Equatable {
        var number: Int
        var tag: String
        /// SHA-256, base 64, where the service keeps it.
        var checksum: String?
    }

    // MARK: The bucket

    /// - Throws: ``S3Failure/isNotFound`` when there is no such bucket.
    func requireBucket() async throws(S3Failure) {
        _ = try await client.send(S3Request(.HEAD, bucket: name))
    }

    /// Creates the bucket. Not an error when it is ours already.
    ///
    /// - Parameter region: where, if an option says so.
    func create(in region: String?) async throws(S3Failure) {
        var body = ByteBuffer()
        // The region that needs no name must not be named.
        if let region, region != "us-east-1" {
            body.writeString(
                "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>"
                    + "\(XMLText.escape(region))</LocationConstraint></CreateBucketConfiguration>")
        }
        do {
            _ = try await client.send(S3Request(.PUT, bucket: name, body: body))
        } catch {
            guard error.has(code: "BucketAlreadyOwnedByYou") else { throw error }
        }
    }

    // MARK: Objects

    func head(_ key: String) async throws(S3Failure) -> Object {
        Object(try await client.send(S3Request(.HEAD, bucket: name, key: key)).headers)
    }

    /// Nil when there is none.
    func headIfThere(_ key: String) async throws(S3Failure) -> Object? {
        do {
            return try await head(key)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// A short text. Nil when there is none.
    func text(_ key: String) async throws(S3Failure) -> String? {
        do {
            return String(buffer: try await client.send(S3Request(.GET, bucket: name, key: key)).body)
        } catch {
            if error.isNotFound, !error.has(code: "NoSuchBucket") { return nil }
            throw error
        }
    }

    /// Writes an object whose name must not be taken.
    ///
    /// - Parameters:
    ///   - hash: SHA-256 of the body.
    ///   - checksum: whether the service is to keep it.
    /// - Throws: ``S3Failure/isPreconditionFailed`` when it is taken, by this very request too if it was sent twice.
    func putNew(
        _ key: String, _ body: ByteBuffer, hash: [UInt8]? = nil, keepsChecksum: Bool = false, owner: String,
        _ patience: S3Patience = .short
    ) async throws(S3Failure) {
        var headers = [(S3Names.ownerHeader, owner)]
        if keepsChecksum, let hash { headers.append(("x-amz-checksum-sha256", Base64.encode(hash))) }
        _ = try await send(
            S3Request(
                .PUT, bucket: name, key: key, headers: headers, body: body,
                bodyHash: hash.map { Hexadecimal.text($0) }), if: ("if-none-match", "*"), patience)
    }

    /// Writes an object, whatever is there.
    func put(_ key: String, _ text: String = "", owner: String) async throws(S3Failure) {
        _ = try await client.send(
            S3Request(
                .PUT, bucket: name, key: key, headers: [(S3Names.ownerHeader, owner)], body: ByteBuffer(string: text)))
    }

    /// Removes an object. Not an error when there is none.
    ///
    /// - Parameter tag: what must be there; not all services look at it.
    func delete(_ key: String, tag: String? = nil) async throws(S3Failure) {
        do {
            _ = try await send(S3Request(.DELETE, bucket: name, key: key), if: tag.map { ("if-match", $0) })
        } catch {
            guard error.isNotFound, !error.has(code: "NoSuchBucket") else { throw error }
        }
    }

    /// Opens an object, or a part of it.
    ///
    /// - Parameter tag: which version of it, when this goes on with a transfer.
    func open(
        _ key: String, range: Range<Int64>?, tag: String? = nil, _ patience: S3Patience = .short
    ) async throws(S3Failure) -> OutgoingResponse {
        var request = S3Request(.GET, bucket: name, key: key)
        if let range { request.headers.append(("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")) }
        if let tag { request.headers.append(("if-match", tag)) }
        return try await client.open(request, patience)
    }

    /// The objects whose names begin with a text.
    func list(prefix: String) async throws(S3Failure) -> [Entry] {
        var found: [Entry] = []
        var marker = ""
        while true {
            let query = [("prefix", prefix), ("max-keys", "500"), ("marker", marker)]
            let page = try await document(
                S3Request(.GET, bucket: name, query: query), "ListBucketResult")
            let entries = page.all("Contents").compactMap { element -> Entry? in
                guard let key = element["Key"]?.text else { return nil }
                return Entry(
                    key: key, size: element["Size"].flatMap { Int64($0.text) } ?? 0,
                    modified: element["LastModified"].flatMap { Timestamp($0.text) })
            }
            found += entries
            guard page["IsTruncated"]?.text == "true", let last = entries.last?.key, last > marker else { return found }
            marker = last
        }
    }

    // MARK: Uploads in parts

    func startMultipart(_ key: String, owner: String, keepsChecksum: Bool) async throws(S3Failure) -> String {
        var headers = [(S3Names.ownerHeader, owner)]
        if keepsChecksum { headers.append(("x-amz-checksum-algorithm", "SHA256")) }
        let answer = try await document(
            S3Request(.POST, bucket: name, key: key, query: [("uploads", "")], headers: headers),
            "InitiateMultipartUploadResult")
        guard let id = answer["UploadId"]?.text, !id.isEmpty else {
            throw .unintelligible("an upload in parts without an id")
        }
        return id
    }

    /// Sends a part; ends with its task.
    ///
    /// - Parameter hash: SHA-256 of the body.
    func putPart(
        _ key: String, _ multipart: String, number: Int, _ body: ByteBuffer, hash: [UInt8], keepsChecksum: Bool
    ) async throws(S3Failure) -> Part {
        let checksum = keepsChecksum ? Base64.encode(hash) : nil
        let request = S3Request(
            .PUT, bucket: name, key: key, query: [("partNumber", "\(number)"), ("uploadId", multipart)],
            headers: checksum.map { [("x-amz-checksum-sha256", $0)] } ?? [], body: body,
            bodyHash: Hexadecimal.text(hash))
        let answer = try await client.sendCancellably(request, .long)
        guard let tag = answer.headers.first(name: "ETag") else { throw .unintelligible("a part without an ETag") }
        return Part(number: number, tag: tag, checksum: checksum)
    }

    /// Sends a part as it comes, once; ends with its task.
    ///
    /// - Parameter length: bytes of the part.
    func putPart(
        _ key: String, _ multipart: String, number: Int, _ source: BodyPipe, length: Int64
    ) async throws(S3Failure) -> Part {
        var request = S3Request(
            .PUT, bucket: name, key: key, query: [("partNumber", "\(number)"), ("uploadId", multipart)])
        request.stream = (length, source)
        let answer = try await client.sendCancellably(request, .none)
        guard let tag = answer.headers.first(name: "ETag") else { throw .unintelligible("a part without an ETag") }
        return Part(number: number, tag: tag)
    }

    /// Makes an object of the parts, if its name is not taken; not all services look at that.
    func complete(_ key: String, _ multipart: String, _ parts: [Part]) async throws(S3Failure) {
        var body = ByteBuffer(string: "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">")
        for part in parts {
            body.writeString("<Part><PartNumber>\(part.number)</PartNumber><ETag>\(XMLText.escape(part.tag))</ETag>")
            if let checksum = part.checksum { body.writeString("<ChecksumSHA256>\(checksum)</ChecksumSHA256>") }
            body.writeString("</Part>")
        }
        body.writeString("</CompleteMultipartUpload>")
        // The answer begins before the outcome is known: its status may be 200 all the same.
        let answer = try await send(
            S3Request(.POST, bucket: name, key: key, query: [("uploadId", multipart)], body: body),
            if: ("if-none-match", "*"), .long)
        _ = try document(answer, "CompleteMultipartUploadResult")
    }

    /// Not an error when there is none.
    func abort(_ key: String, _ multipart: String) async throws(S3Failure) {
        do {
            _ = try await client.send(
                S3Request(.DELETE, bucket: name, key: key, query: [("uploadId", multipart)]))
        } catch {
            guard error.isNotFound, !error.has(code: "NoSuchBucket") else { throw error }
        }
    }

    /// Uploads in parts that have not ended, for names that begin with a text.
    func listMultipart(prefix: String) async throws(S3Failure) -> [Entry] {
        var found: [Entry] = []
        var (key, multipart) = ("", "")
        while true {
            var query = [("uploads", ""), ("prefix", prefix), ("max-uploads", "500")]
            if !key.isEmpty { query += [("key-marker", key), ("upload-id-marker", multipart)] }
            let page = try await document(
                S3Request(.GET, bucket: name, query: query), "ListMultipartUploadsResult")
            found += page.all("Upload").compactMap { element in
                guard let key = element["Key"]?.text, let id = element["UploadId"]?.text else { return nil }
                return Entry(
                    key: key, modified: element["Initiated"].flatMap { Timestamp($0.text) }, multipart: id)
            }
            guard page["IsTruncated"]?.text == "true", let nextKey = page["NextKeyMarker"]?.text,
                let nextID = page["NextUploadIdMarker"]?.text, (nextKey, nextID) != (key, multipart)
            else { return found }
            (key, multipart) = (nextKey, nextID)
        }
    }

    /// What an upload in parts has, and when the last part came; nil when there is no such upload.
    func progress(_ key: String, _ multipart: String) async throws(S3Failure) -> (size: Int64, modified: Timestamp?)? {
        var (size, modified, last) = (Int64(0), Timestamp?.none, 0)
        while true {
            let page: XMLElement
            do {
                page = try await document(
                    S3Request(
                        .GET, bucket: name, key: key,
                        query: [("uploadId", multipart), ("part-number-marker", "\(last)")]), "ListPartsResult")
            } catch {
                if error.isNotFound, !error.has(code: "NoSuchBucket") { return nil }
                throw error
            }
            var newest = last
            for part in page.all("Part") {
                size += part["Size"].flatMap { Int64($0.text) } ?? 0
                if let time = part["LastModified"].flatMap({ Timestamp($0.text) }) {
                    modified = max(modified ?? time, time)
                }
                newest = max(newest, part["PartNumber"].flatMap { Int($0.text) } ?? 0)
            }
            guard page["IsTruncated"]?.text == "true", newest > last else { return (size, modified) }
            last = newest
        }
    }

    // MARK: Requests

    /// Sends a request with a condition, and without it where the service says that it knows no such condition (501). Then it is
    /// as with Glance: what was looked at before may have changed.
    private func send(
        _ request: S3Request, if condition: (name: String, value: String)?, _ patience: S3Patience = .short
    ) async throws(S3Failure) -> S3Client.Answer {
        guard let condition else { return try await client.send(request, patience) }
        var conditional = request
        conditional.headers.append(condition)
        do {
            return try await client.send(conditional, patience)
        } catch {
            guard case .refused(501, _) = error else { throw error }
            return try await client.send(request, patience)
        }
    }

    private func document(_ request: S3Request, _ root: String) async throws(S3Failure) -> XMLElement {
        try document(try await client.send(request), root)
    }

    private func document(_ answer: S3Client.Answer, _ root: String) throws(S3Failure) -> XMLElement {
        guard let document = try? XMLElement(document: answer.body.readableBytesView) else {
            throw .unintelligible("no XML where \(root) should be")
        }
        if document.name == "Error" { throw .refused(status: 500, code: document["Code"]?.text ?? "") }
        guard document.name == root else { throw .unintelligible("another document than \(root)") }
        return document
    }
}
