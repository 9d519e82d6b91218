import Testing

@testable import Identity

@Suite struct AccessRuleTests {
    @Test(arguments: [
        ("/v2/images", "/v2/images", true), ("/v2/images", "/v2/images/", false), ("/v2/images", "/v2/image", false),
        ("/v2/images/{image_id}", "/v2/images/abc", true), ("/v2/images/{image_id}", "/v2/images/a/b", false),
        ("/v2/images/{image_id}", "/v2/images/", false), ("/v2/images/{id}/file", "/v2/images/a/file", true),
        ("/v2/*", "/v2/images", true), ("/v2/*", "/v2/images/a", false), ("/v2/**", "/v2/images/a/file", true),
        ("/v2/**", "/v2/", true), ("/v2/**", "/v2", false), ("**", "", true), ("/**/file", "/v2/images/a/file", true),
        ("/*/b*", "/a/bc", true), ("/v2/im*s", "/v2/images", true), ("", "", true), ("", "/", false),
        ("/a.c", "/abc", false), ("/{open", "/{open", true),
    ])
    func paths(pattern: String, path: String, expected: Bool) {
        #expect(AccessRule.matches(path, pattern: pattern) == expected)
    }

    @Test func hardPatternsTakeNoTime() {
        let pattern = String(repeating: "*a**", count: 200) + "c"
        let duration = ContinuousClock().measure {
            #expect(!AccessRule.matches(String(repeating: "a", count: 1000) + "b", pattern: pattern))
        }
        #expect(duration < .seconds(20))
    }

    @Test func allThreeMustFit() {
        let rule = AccessRule(service: "image", method: "GET", path: "/v2/**")
        #expect(rule.allows(service: "image", method: "GET", path: "/v2/images"))
        #expect(!rule.allows(service: "compute", method: "GET", path: "/v2/images"))
        #expect(!rule.allows(service: "image", method: "POST", path: "/v2/images"))
    }
}
