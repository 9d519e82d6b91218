import ImageStore
import Testing

@testable import S3Driver

@Suite struct S3NamesTests {
    @Test func readsItsOwnNames() {
        let upload = StoreUpload(imageID: "image-1", uploadID: "upload_1")
        #expect(S3Names.kind(of: S3Names.marker(upload)) == .marker(upload))
        #expect(S3Names.kind(of: S3Names.parts(upload)) == .parts(upload))
        #expect(S3Names.kind(of: S3Names.claim("image-1")) == .claim(imageID: "image-1"))
    }

    @Test(arguments: [
        "", "image", ".glance", ".glance/", ".glance/other/a", ".glance/uploads/a", ".glance/uploads/a/b/c",
        ".glance/uploads//b", ".glance/uploads/a/b.other", ".glance/commits/a/b", "x.glance/commits/a",
    ])
    func othersAreNone(_ key: String) {
        #expect(S3Names.kind(of: key) == nil)
    }

    @Test(arguments: ["", "..", "a/b", ".hidden", "with\0nul", String(repeating: "x", count: 101)])
    func refusesIDsThatAreNoNames(_ id: String) {
        #expect(throws: StoreError.self) { try S3Names.require(StoreUpload(imageID: id, uploadID: "upload")) }
        #expect(throws: StoreError.self) { try S3Names.require(StoreUpload(imageID: "image", uploadID: id)) }
    }

    @Test func knowsForeignUploads() {
        let upload = S3Names.foreign(imageID: "image", multipart: "2~abc")
        #expect(S3Names.multipart(ofForeign: upload) == "2~abc")
        #expect(S3Names.multipart(ofForeign: StoreUpload(imageID: "image", uploadID: "upload")) == nil)
    }
}
