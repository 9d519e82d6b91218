import NIOCore
import OutgoingHTTP
import Testing
import TextCoding

@testable import S3Driver

/// The examples that AWS has published.
@Suite struct S3SignatureTests {
    private typealias Fields = [(name: String, value: String)]

    /// *Signature Calculations for the Authorization Header*, Amazon S3 API Reference.
    private static let examples = S3Signature(
        credentials: S3Credentials(
            accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1", time: Timestamp("2013-05-24T00:00:00Z") ?? .now)

    private func fields(_ payload: String, _ more: Fields = []) -> Fields {
        [
            ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", payload),
            ("x-amz-date", "20130524T000000Z"),
        ] + more
    }

    @Test func signsAsTheExampleOfARange() {
        let text = Self.examples.authorization(
            method: "GET", path: "/test.txt", query: [],
            headers: fields(S3Signature.emptyPayload, [("Range", "bytes=0-9")]), payload: S3Signature.emptyPayload)
        #expect(
            text
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test func signsAsTheExampleOfAPut() {
        let payload = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
        let text = Self.examples.authorization(
            method: "PUT", path: "/test%24file.text", query: [],
            headers: fields(
                payload,
                [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")]),
            payload: payload)
        #expect(text.hasSuffix("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))
    }

    @Test func signsAsTheExampleOfAQueryWithoutValue() {
        let text = Self.examples.authorization(
            method: "GET", path: "/", query: [("lifecycle", "")], headers: fields(S3Signature.emptyPayload),
            payload: S3Signature.emptyPayload)
        #expect(text.hasSuffix("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))
    }

    @Test func signsAsTheExampleOfAList() {
        let text = Self.examples.authorization(
            method: "GET", path: "/", query: [("prefix", "J"), ("max-keys", "2")],
            headers: fields(S3Signature.emptyPayload), payload: S3Signature.emptyPayload)
        #expect(text.hasSuffix("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
    }

    /// *Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks*.
    @Test func signsAsTheExampleOfPieces() {
        let text = Self.examples.authorization(
            method: "PUT", path: "/examplebucket/chunkObject.txt", query: [],
            headers: [
                ("Host", "s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("x-amz-content-sha256", S3ChunkSignature.payload),
                ("Content-Encoding", "aws-chunked"), ("x-amz-decoded-content-length", "66560"),
                ("Content-Length", "66824"),
            ], payload: S3ChunkSignature.payload)
        #expect(text.hasSuffix("Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"))
        var pieces = Self.examples.chunks(after: text)
        for (size, signature) in [
            (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
            (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
            (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
        ] {
            let data = ByteBuffer(repeating: UInt8(ascii: "a"), count: size)
            let frame = String(buffer: pieces.frame(data))
            #expect(
                frame == "\(String(size, radix: 16));chunk-signature=\(signature)\r\n\(String(buffer: data))\r\n")
        }
    }

    /// The length is announced before the first piece is there.
    @Test(arguments: [0, 1, 15, 16, 131_071, 131_072, 131_073, 300_000])
    func knowsTheLengthOfASignedBody(_ size: Int) async throws {
        let pipe = BodyPipe()
        let writing = Task {
            for start in stride(from: 0, to: size, by: 70_001) {
                _ = await pipe.write(ByteBuffer(repeating: 1, count: min(70_001, size - start)))
            }
            pipe.finish()
        }
        let signature = Self.examples.chunks(after: String(repeating: "0", count: 64))
        var (length, count) = (0, 0)
        for try await piece in S3SignedBody(source: pipe, signature: signature) {
            length += piece.readableBytes
            count += 1
        }
        await writing.value
        #expect(Int64(length) == S3ChunkSignature.length(of: Int64(size)))
        #expect(count == (size + S3ChunkSignature.size - 1) / S3ChunkSignature.size + 1)
    }

    /// The suite of test cases for version 4 signatures.
    @Test(arguments: [
        ("GET", "/", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("GET", "/", "Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ("GET", "/%E1%88%B4", "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    ])
    func signsAsTheTestSuite(_ method: String, _ path: String, _ query: String, _ signature: String) {
        let signer = S3Signature(
            credentials: S3Credentials(
                accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            region: "us-east-1", service: "service", time: Timestamp("2015-08-30T12:36:00Z") ?? .now)
        let parameters = query.split(separator: "&").map { $0.split(separator: "=").map(String.init) }
            .map { (name: $0[0], value: $0[1]) }
        let text = signer.authorization(
            method: method, path: path, query: parameters,
            headers: [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")],
            payload: S3Signature.emptyPayload)
        #expect(text.hasSuffix("SignedHeaders=host;x-amz-date,Signature=\(signature)"))
    }

    @Test func encodesQueriesAsTheyAreSigned() {
        #expect(S3Signature.text(ofQuery: []) == "")
        #expect(
            S3Signature.text(ofQuery: [("uploadId", "2~a/b+c="), ("partNumber", "7"), ("a b", "ü")])
                == "a%20b=%C3%BC&partNumber=7&uploadId=2~a%2Fb%2Bc%3D")
    }
}
