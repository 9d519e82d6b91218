import Testing

@testable import ExternalHTTP

@Suite struct ExternalURLTests {
    @Test(arguments: [
        ("http://example.com/a", "http://example.com/a"),
        ("HTTPS://Example.COM", "https://example.com/"),
        ("https://example.com:443/x#y", "https://example.com/x"),
        ("https://example.com:8443/x?y", "https://example.com:8443/x?y"),
        ("https://example.com?y=%2f&z", "https://example.com/?y=%2f&z"),
        ("http://example.com./", "http://example.com/"),
        ("http://user:secret@example.com/", "http://example.com/"),
        ("http://example.net@example.com/", "http://example.com/"),
        ("http://example.net:80@example.com:81/", "http://example.com:81/"),
        ("http://example.com/@example.net/", "http://example.com/@example.net/"),
        ("http://[2001:DB8:0:0::1]:81/", "http://[2001:db8::1]:81/"),
        ("http://192.0.2.7:/", "http://192.0.2.7/"),
        ("http://[::ffff:192.0.2.7]/", "http://192.0.2.7/"),
        ("http://example.com/a b\r\nX: y\\é%", "http://example.com/a%20b%0D%0AX:%20y%5C%C3%A9%25"),
    ])
    func isTakenApart(url: String, expected: String) {
        #expect(ExternalURL(url)?.text == expected)
    }

    @Test(
        "CVE-2026-34881: encoded addresses and tricks of spelling are no hosts",
        arguments: [
            "http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/", "http://127.0x0.0.1/",
            "http://1.2.3.0x4/", "http://127.0.0.1./", "http://127.0.0.1.:80/", "http://a@127.1/",
            "http://%31%32.0.0.1/",
            "http://1２7.0.0.1/", "http://127。0。0。1/", "http://[::1", "http://", "http:///x", "ftp://example.com/",
            "example.com", "//example.com/", "http:example.com", "http://a..b/", "http://./", "http://a b/",
            "http://example.com:0/", "http://example.com:99999/", "http://example.com:+80/",
            "http://example.com:80:81/",
            "http://[example.com]/", "http://[127.0.0.1]/", "http://[::1%25lo]/", "http://[::1]x/", "http://::1/",
            "http://example.com\\@example.net\\/", "http://example.com\\.example.net/",
        ])
    func tricksAreRefused(url: String) {
        #expect(ExternalURL(url) == nil)
    }

    @Test func keepsTheLoginApart() throws {
        let url = try #require(ExternalURL("http://us%40er:se:cret%2F@example.com/x"))
        // us@er:se:cret/
        #expect(url.authorization == "Basic dXNAZXI6c2U6Y3JldC8=")
        for text in ["\(url)", String(reflecting: url), url.text] {
            #expect(!text.contains("cret") && !text.contains("dXNA"))
        }
        let signed = try #require(ExternalURL("http://example.com/x?X-Signature=abc"))
        #expect("\(signed)" == "http://example.com:80")
    }

    @Test(
        "CVE-2026-34881: redirects are URLs like others, and no login leaves its origin",
        arguments: [
            ("/b", "http://example.com:81/b", true), ("b?c", "http://example.com:81/a/b?c", true),
            ("//example.com:81/b", "http://example.com:81/b", true),
            ("http://EXAMPLE.com.:81/", "http://example.com:81/", true),
            ("http://example.com/b", "http://example.com/b", false),
            ("https://example.com:81/b", "https://example.com:81/b", false),
            ("//example.net:81/b", "http://example.net:81/b", false),
            ("http://other:login@example.net/b", "http://example.net/b", false),
            ("http://other:login@example.com:81/b", "http://example.com:81/b", true),
            ("http://[::ffff:192.0.2.1]/", "http://192.0.2.1/", false), ("http://2130706433/", nil, false),
            ("file:///etc/passwd", nil, false),
            ("gopher://example.com/", nil, false),
        ] as [(String, String?, Bool)])
    func redirects(location: String, expected: String?, keepsLogin: Bool) throws {
        let url = try #require(ExternalURL("http://user:secret@example.com:81/a/x"))
        let next = url.redirected(to: location)
        #expect(next?.text == expected)
        #expect(next?.authorization == (keepsLogin ? url.authorization : nil))
    }
}
