import Testing

@testable import S3Driver

@Suite struct S3EndpointTests {
    @Test(arguments: [
        ("s3.example.org", false, "s3.example.org", ""), ("127.0.0.1:9000", false, "127.0.0.1:9000", ""),
        ("http://s3.example.org/", false, "s3.example.org", ""),
        ("https://s3.example.org:8443", true, "s3.example.org:8443", ""),
        ("HTTPS://s3.example.org/some/where/", true, "s3.example.org", "/some/where"),
        ("http://[::1]:7480", false, "[::1]:7480", ""),
    ])
    func readsHosts(_ text: String, _ isSecure: Bool, _ authority: String, _ prefix: String) throws {
        let endpoint = try #require(S3Endpoint(text, addressing: .auto))
        #expect(endpoint.isSecure == isSecure)
        #expect(endpoint.authority == authority)
        #expect(endpoint.prefix == prefix)
    }

    @Test(arguments: ["", "/", "ftp://host", "https://", "user:secret@host", "http://host?a=b", "a b"])
    func refusesWhatIsNoHost(_ text: String) {
        #expect(S3Endpoint(text, addressing: .auto) == nil)
    }

    @Test(arguments: [
        ("https://s3.amazonaws.com", S3Endpoint.Addressing.auto, "images", "images.s3.amazonaws.com", "/key"),
        ("https://s3.amazonaws.com", .auto, "with.dot", "s3.amazonaws.com", "/with.dot/key"),
        ("https://s3.amazonaws.com", .auto, "Capital", "s3.amazonaws.com", "/Capital/key"),
        ("https://s3.amazonaws.com", .path, "images", "s3.amazonaws.com", "/images/key"),
        ("http://gateway:7480", .auto, "images", "gateway:7480", "/images/key"),
        ("http://gateway:7480", .virtual, "images", "images.gateway:7480", "/key"),
        ("http://gateway/s3", .path, "images", "gateway", "/s3/images/key"),
    ])
    func placesBuckets(
        _ host: String, _ addressing: S3Endpoint.Addressing, _ bucket: String, _ authority: String, _ path: String
    ) throws {
        let place = try #require(S3Endpoint(host, addressing: addressing)).place(bucket: bucket, key: "key")
        #expect(place.authority == authority)
        #expect(place.path == path)
    }

    @Test func encodesKeys() throws {
        let endpoint = try #require(S3Endpoint("host", addressing: .path))
        #expect(endpoint.place(bucket: "b", key: "a b/c%ü").path == "/b/a%20b/c%25%C3%BC")
        #expect(endpoint.place(bucket: "b", key: nil).path == "/b")
    }

    @Test func knowsTheRegionsOfAmazon() throws {
        func endpoint(_ host: String) throws -> S3Endpoint { try #require(S3Endpoint(host, addressing: .auto)) }
        #expect(try endpoint("https://s3.eu-west-1.amazonaws.com").regionOfHost == "eu-west-1")
        #expect(try endpoint("https://s3-eu-west-1.amazonaws.com").regionOfHost == "eu-west-1")
        #expect(try endpoint("https://s3.cn-north-1.amazonaws.com.cn").regionOfHost == "cn-north-1")
        #expect(try endpoint("https://s3.amazonaws.com").regionOfHost == nil)
        #expect(try endpoint("https://s3.eu-west-1.example.org").regionOfHost == nil)
        #expect(
            try endpoint("https://s3.amazonaws.com").moved(to: "eu-west-1").authority == "s3.eu-west-1.amazonaws.com")
        #expect(try endpoint("http://gateway").moved(to: "eu-west-1").authority == "gateway")
        // A region that would be another host.
        #expect(try endpoint("https://s3.amazonaws.com").moved(to: "evil.example/").authority == "s3.amazonaws.com")
    }
}
