import ImageStore
import NIOCore
import NIOHTTP1
import Testing
import TextCoding

@testable import S3Driver

@Suite struct S3RefusalTests {
    private func refusal(_ status: Int, _ headers: HTTPHeaders = [:], _ body: String = "") -> S3Refusal {
        S3Refusal(status: status, headers: headers, body: ByteBuffer(string: body))
    }

    /// Answers as Amazon documents them.
    @Test func learnsTheRegion() {
        let malformed = refusal(
            400, [:],
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>AuthorizationHeaderMalformed</Code><Message>The region 'us-east-1' is wrong; expecting \
            'eu-west-1'</Message><Region>eu-west-1</Region><RequestId>1</RequestId></Error>
            """)
        #expect(malformed.code == "AuthorizationHeaderMalformed")
        #expect(malformed.region(signedFor: "us-east-1") == "eu-west-1")
        #expect(malformed.region(signedFor: "eu-west-1") == nil)
        #expect(refusal(301, ["x-amz-bucket-region": "eu-west-1"]).region(signedFor: "us-east-1") == "eu-west-1")
        #expect(refusal(400, ["x-amz-bucket-region": "eu-west-1"]).region(signedFor: "us-east-1") == "eu-west-1")
        // It is named with every refusal, and means something with some.
        #expect(refusal(403, ["x-amz-bucket-region": "eu-west-1"]).region(signedFor: "us-east-1") == nil)
        #expect(refusal(301).region(signedFor: "us-east-1") == nil)
    }

    @Test func readsTheServersTime() {
        let time = refusal(403, ["Date": "Sun, 06 Nov 1994 08:49:37 GMT"]).time
        #expect(time == Timestamp("1994-11-06T08:49:37Z"))
        #expect(refusal(403, ["Date": "yesterday"]).time == nil)
    }

    @Test(arguments: [
        (404, "NoSuchKey", StoreError.notFound), (404, "", .notFound), (412, "PreconditionFailed", .duplicate),
        (403, "QuotaExceeded", .full), (413, "", .full), (507, "", .full),
        (404, "NoSuchBucket", .backend("the bucket does not exist")),
        (403, "AccessDenied", .permissionDenied("the S3 service answers 403 (AccessDenied)")),
        (500, "InternalError", .backend("the S3 service answers 500 (InternalError)")),
        // No text of the service is repeated that is not a plain word.
        (403, "AKIA0/secret", .permissionDenied("the S3 service answers 403")),
    ])
    func tellsErrorsApart(_ status: Int, _ code: String, _ error: StoreError) {
        #expect(S3Failure.refused(status: status, code: code).storeError == error)
    }

    @Test func triesAgainWhatMayPass() {
        #expect(S3Failure.refused(status: 503, code: "SlowDown").mayPass)
        #expect(S3Failure.refused(status: 400, code: "RequestTimeout").mayPass)
        #expect(S3Failure.unreachable(.noConnection("refused")).mayPass)
        #expect(!S3Failure.unreachable(.untrusted).mayPass)
        #expect(!S3Failure.refused(status: 403, code: "AccessDenied").mayPass)
    }
}
