import HTTPTypes
import ImageModel
import ImageStore
import NIOCore
import Testing

@testable import ImageAPI

@Suite struct DownloadPlanTests {
    private let image = Image(
        id: "1", status: .active, size: 30, checksum: "c0ffee", hashAlgorithm: "sha512", hashValue: "f00d")

    @Test func wholeImage() throws {
        let plan = try DownloadPlan(image: image, headers: [:])
        #expect(plan.status == .ok)
        #expect(plan.range == nil)
        #expect(plan.length == 30)
        #expect(plan.headers[.eTag] == #""f00d""#)
        #expect(plan.headers[.acceptRanges] == "bytes")
        #expect(plan.headers[.contentMD5] == "c0ffee")
        #expect(plan.headers[.contentType] == "application/octet-stream")
        #expect(plan.headers[.contentRange] == nil)
    }

    @Test func part() throws {
        let plan = try DownloadPlan(image: image, headers: [.range: "bytes=10-"])
        #expect(plan.status == .partialContent)
        #expect(plan.range == 10..<30)
        #expect(plan.length == 20)
        #expect(plan.headers[.contentRange] == "bytes 10-29/30")
        #expect(plan.headers[.eTag] == #""f00d""#)
    }

    @Test func legacyPart() throws {
        #expect(try DownloadPlan(image: image, headers: [.contentRange: "bytes 5-9/*"]).range == 5..<10)
    }

    @Test func unsatisfiableRangeNamesTheSize() {
        let error = #expect(throws: APIError.self) { try DownloadPlan(image: image, headers: [.range: "bytes=30-"]) }
        #expect(error?.status == .rangeNotSatisfiable)
        #expect(error?.headers[.contentRange] == "bytes */30")
    }

    @Test func severalRangesAreRefused() {
        let error = #expect(throws: APIError.self) {
            try DownloadPlan(image: image, headers: [.range: "bytes=0-1,3-4"])
        }
        #expect(error?.status == .badRequest)
    }

    @Test func conditionsComeBeforeRanges() throws {
        let plan = try DownloadPlan(image: image, headers: [.ifNoneMatch: #""f00d""#, .range: "bytes=99-"])
        #expect(plan.status == .notModified)
        #expect(!plan.sendsData)
        #expect(plan.headers[.eTag] == #""f00d""#)
        #expect(plan.headers[.contentType] == nil)
        let error = #expect(throws: APIError.self) {
            try DownloadPlan(image: image, headers: [.ifMatch: #""other""#, .range: "bytes=99-"])
        }
        #expect(error?.status == .preconditionFailed)
    }

    @Test func rangeOfOtherDataGivesEverything() throws {
        #expect(try DownloadPlan(image: image, headers: [.ifRange: #""f00d""#, .range: "bytes=1-2"]).range == 1..<3)
        let whole = try DownloadPlan(image: image, headers: [.ifRange: #""old""#, .range: "bytes=99-"])
        #expect(whole.status == .ok)
        #expect(whole.range == nil)
    }

    @Test func rangeOfUnknownSizeGivesEverything() throws {
        let plan = try DownloadPlan(image: Image(id: "1"), headers: [.range: "bytes=1-2"])
        #expect(plan.status == .ok)
        #expect(plan.length == nil)
        #expect(plan.headers[.eTag] == nil)
    }

    @Test func storedDataOfAnotherSizeAreNotSent() throws {
        let plan = try DownloadPlan(image: image, headers: [:])
        let nothing = StoreChunks { { nil } }
        let error = #expect(throws: APIError.self) { try ImageData.answer(plan, .stream(size: 29, chunks: nothing)) }
        #expect(error?.status == .internalServerError)
        let answer = try ImageData.answer(plan, .stream(size: 30, chunks: nothing))
        #expect(answer.headers[.contentLength] == "30")
        #expect(try ImageData.answer(plan, .stream(size: nil, chunks: nothing)).headers[.contentLength] == "30")
    }

    @Test(
        arguments: [
            ("application/octet-stream", "100", nil, 100),
            ("Application/Octet-Stream; charset=x", nil, nil, nil),
            ("application/octet-stream", nil, "7", 7),
            ("application/octet-stream", "100", "7", 7),
        ] as [(String, String?, String?, Int64?)])
    func uploadSizes(type: String, length: String?, announced: String?, expected: Int64?) throws {
        #expect(try ImageData.uploadSize(headers(type, length, announced)) == expected)
    }

    @Test(
        arguments: [
            (nil, nil, 415), ("text/plain", nil, 415), ("application/octet-stream", "abc", 400),
            ("application/octet-stream", "-1", 400), ("application/octet-stream", "99999999999999999999", 400),
            ("application/octet-stream", "", 400),
        ] as [(String?, String?, Int)])
    func refusedUploads(type: String?, announced: String?, status: Int) {
        let error = #expect(throws: APIError.self) { try ImageData.uploadSize(headers(type, "5", announced)) }
        #expect(error?.status.code == status)
    }

    private func headers(_ type: String?, _ length: String?, _ announced: String?) -> HTTPFields {
        var headers = HTTPFields()
        headers[.contentType] = type
        headers[.contentLength] = length
        headers[.imageSize] = announced
        return headers
    }
}
