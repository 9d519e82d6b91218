import Testing

@testable import ExternalHTTP

@Suite struct ExternalURLFilterTests {
    @Test(
        "CVE-2026-71198: addresses of the machine and the link are refused, literally and behind names",
        arguments: [
            "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "240.0.0.1",
            "255.255.255.255", "::1", "::", "::7f00:1", "fe80::1", "ff02::1", "100::1", "::ffff:127.0.0.1",
            "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1",
        ])
    func localAddresses(text: String) async throws {
        let filter = try Names(["images.test": [[text]]]).filter()
        let literal = text.contains(":") ? "[\(text)]" : text
        for host in [literal, "images.test", "IMAGES.test."] {
            await #expect(throws: ExternalHTTPError.refused, "\(host)") {
                try await filter.check(try #require(ExternalURL("http://\(host)/")))
            }
        }
    }

    @Test(arguments: [
        "192.0.2.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "2001:db8::1", "fd00::1", "64:ff9b::a00:1",
    ])
    func otherAddresses(text: String) async throws {
        let filter = try Names(["images.test": [[text]]]).filter()
        #expect(try await filter.check(url("http://images.test/")).map(\.text) == [try #require(IPAddress(text)).text])
    }

    @Test func onlyTheGoodAddressesOfANameAreLeft() async throws {
        let names = Names(["images.test": [["::1", "2001:db8::1", "169.254.169.254", "192.0.2.1", "192.0.2.2"]]])
        let filter = try names.filter("disallowed_hosts = [192.0.2.2]")
        #expect(try await filter.check(url("https://images.test/")).map(\.text) == ["2001:db8::1", "192.0.2.1"])
        #expect(names.lookups == 1)
    }

    @Test(arguments: [
        ("", "http://images.test/", true), ("", "https://images.test/", true), ("", "http://images.test:443/", true),
        ("", "http://images.test:8080/", false), ("", "https://images.test:22/", false),
        ("allowed_schemes = [https]", "http://images.test/", false),
        ("allowed_schemes = []\ndisallowed_schemes = [HTTP]", "http://images.test/", false),
        ("disallowed_schemes = [http]", "http://images.test/", true),
        ("allowed_ports = [8080]", "http://images.test:8080/", true),
        ("allowed_ports = [8080]", "http://images.test/", false),
        ("allowed_ports = []\ndisallowed_ports = [80]", "http://images.test/", false),
        ("allowed_ports = []\ndisallowed_ports = [80]", "http://images.test:81/", true),
        ("allowed_hosts = [images.test]", "http://images.TEST./", true),
        ("allowed_hosts = [images.test]", "http://others.test/", false),
        ("allowed_hosts = [images.test]", "http://192.0.2.1/", false),
        ("allowed_hosts = [images.test]\ndisallowed_hosts = [images.test]", "http://images.test/", true),
        ("disallowed_hosts = [images.test]", "http://images.test./", false),
        ("disallowed_hosts = [images.test]", "http://others.test/", true),
        ("disallowed_hosts = [192.0.2.1]", "http://images.test/", false),
        ("disallowed_hosts = [192.0.2.1]", "http://[::ffff:192.0.2.1]/", false),
        ("disallowed_hosts = [192.0.2.1]", "http://[64:ff9b::c000:201]/", false),
        ("disallowed_hosts = [\"2001:db8:0::1\"]", "http://[2001:db8::1]/", false),
        ("", "http://local.test/", false), ("allowed_hosts = [local.test]", "http://local.test/", true),
        ("allowed_hosts = [127.0.0.1]", "http://local.test/", false),
        ("allowed_hosts = [127.0.0.1]", "http://127.0.0.1/", true),
    ])
    func lists(options: String, text: String, isAllowed: Bool) async throws {
        let names = Names([
            "images.test": [["192.0.2.1"]], "others.test": [["192.0.2.2"]], "local.test": [["127.0.0.1"]],
        ])
        let filter = try names.filter(options)
        do throws(ExternalHTTPError) {
            try await filter.check(url(text))
            #expect(isAllowed)
        } catch {
            #expect(!isAllowed && error == .refused)
        }
    }

    @Test func unknownNamesAreNotAllowed() async throws {
        let filter = try Names([:]).filter("allowed_hosts = [images.test]")
        await #expect(throws: ExternalHTTPError.unresolvable) { try await filter.check(url("http://images.test/")) }
    }

    @Test func theSystemKnowsItself() async throws {
        let addresses = await NameResolver.system.addresses("localhost")
        #expect(addresses.contains { $0.text == "127.0.0.1" || $0.text == "::1" })
        #expect(await NameResolver.system.addresses("host.invalid").isEmpty)
    }

    private func url(_ text: String) -> ExternalURL {
        guard let url = ExternalURL(text) else { preconditionFailure("\(text) is no URL") }
        return url
    }
}
