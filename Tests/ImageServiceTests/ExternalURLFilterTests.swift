import Testing

@testable import ImageService

@Suite struct ExternalURLFilterTests {
    @Test(arguments: [
        ("http://example.com/a", "http", "example.com", 80),
        ("HTTPS://Example.COM", "https", "example.com", 443),
        ("https://example.com:8443/x?y", "https", "example.com", 8443),
        ("http://user:secret@example.com/", "http", "example.com", 80),
        ("http://[2001:db8::1]:81/", "http", "2001:db8::1", 81),
        ("http://192.0.2.7", "http", "192.0.2.7", 80),
    ])
    func targets(url: String, scheme: String, host: String, port: Int) {
        let target = ExternalURLFilter.Target(url)
        #expect(target?.scheme == scheme)
        #expect(target?.host == host)
        #expect(target?.port == port)
    }

    @Test(
        "CVE-2026-34881: encoded addresses are no hosts",
        arguments: [
            "http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/", "http://127.0x0.0.1/",
            "http://1.2.3.0x4/", "http://[::1", "http://", "http:///x", "ftp://example.com/", "example.com",
            "http://a..b/",
            "http://example.com:0/", "http://example.com:99999/", "http://exa mple.com/", "http://[example.com]/x%",
        ])
    func encodedAddressesAreRefused(url: String) {
        if let target = ExternalURLFilter.Target(url) {
            Issue.record("accepted as host \(target.host)")
        }
    }

    @Test(
        "CVE-2026-71198: addresses of the machine and the link are refused",
        arguments: [
            "127.0.0.1", "127.8.8.8", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::1", "::",
            "fe80::1",
            "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::7f00:1",
        ])
    func localAddresses(text: String) throws {
        #expect(try #require(IPAddress(text)).isPublicOrPrivate == false)
    }

    @Test(arguments: [
        "192.0.2.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "2001:db8::1", "fd00::1", "::ffff:10.0.0.1",
    ])
    func otherAddresses(text: String) throws {
        #expect(try #require(IPAddress(text)).isPublicOrPrivate)
    }
}
