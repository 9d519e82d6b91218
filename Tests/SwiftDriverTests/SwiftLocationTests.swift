import ImageStore
import Testing

@testable import SwiftDriver

/// The forms of URLs that glance_store writes.
@Suite struct SwiftLocationTests {
    @Test(arguments: [
        "swift+config://ref1/glance/71c675ab-d94f-49cd-a114-e12490b328d9",
        "swift+https://service%3Aglance:p%40ss%3Aw%2Frd@keystone.example.org:5000/v3/glance/71c675ab",
        "swift+http://service%3Aglance:key@127.0.0.1:5000/v3/glance_7/71c675ab",
        "swift+https://swift.example.org/v1/AUTH_0123/glance_71c675ab/71c675ab",
    ])
    func writesWhatItReads(_ url: String) throws {
        #expect(try SwiftLocation(url: url).url == url)
    }

    @Test func readsCredentials() throws {
        let location = try SwiftLocation(url: "swift://service%3Aglance:p%40ss%3Aw%2Frd@keystone:5000/v3/glance/image")
        #expect(
            location.account
                == .address("keystone:5000/v3", isSecure: true, .init(user: "service:glance", key: "p@ss:w/rd")))
        #expect(location.container == "glance")
        #expect(location.object == "image")
        // Users of old had a colon as it is.
        let old = try SwiftLocation(url: "swift+http://service:glance:key@keystone/v2.0/glance/image")
        #expect(
            old.account == .address("keystone/v2.0", isSecure: false, .init(user: "service:glance", key: "key")))
    }

    @Test(arguments: [
        "", "swift", "swift://", "swift+config://ref1/glance", "swift+config://ref1/a/b/c", "swift+config:///a/b",
        "swift+http://host/image", "swift+http://user@host/v3/glance/image", "swift+https://u:k@/glance/image",
        "swift+https://u:k@host/v3/../image", "swift+https://u:k@host/v3/glance/..", "file:///a/b/c",
        "swift+https://u:k@host/v3/glance/image?x=y", "swift+https://u:k@http://host/v3/glance/image",
        "swift+https://u:k@host/v3/glance/im\nage", "swift+https://:secret@host/v3/glance/image",
    ])
    func refusesOtherForms(_ url: String) throws {
        let error = #expect(throws: StoreError.self) { try SwiftLocation(url: url) }
        guard case .badLocation(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!text.contains("secret"))
    }
}
