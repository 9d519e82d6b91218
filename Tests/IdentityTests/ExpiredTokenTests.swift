import TestSupport
import Testing
import TextCoding

@testable import Identity

/// Tokens of a real Keystone that live for a few seconds.
@Suite(.serialized, .servers(tokenSeconds: 6)) struct ExpiredTokenTests {
    @Test func onlyAServiceMakesAnExpiredTokenAcceptable() async throws {
        let site = try Site()
        let token = try await site.tokens.token("demo", project: "demo")
        try await site.withAuthenticator { authenticator in
            let context = try await authenticator.authenticate(token: token, serviceToken: nil)
            try await Task.sleep(for: .seconds(max(0, context.expiresAt - Timestamp.now.secondsSince1970) + 1))
            try await check(site, token, authenticator, "remembered")
            try await site.withAuthenticator { fresh in try await check(site, token, fresh, "unknown") }
        }
        try await site.withAuthenticator(tokens: TokenSettings(publicURL: site.url, serviceRolesRequired: false)) {
            authenticator in
            let demo = try await site.tokens.token("demo2", project: "demo2")
            await #expect(throws: IdentityError.invalidToken) {
                try await authenticator.authenticate(token: token, serviceToken: demo)
            }
            let context = try await authenticator.authenticate(token: demo, serviceToken: demo)
            #expect(context.service?.roles.contains("member") == true)
        }
    }

    /// The service's own token has expired meanwhile too, and been renewed.
    private func check(
        _ site: Site, _ token: String, _ authenticator: TokenAuthenticator, _ comment: Comment
    ) async throws {
        let demo = try await site.tokens.token("demo2", project: "demo2")
        for serviceToken in [nil, "made-up", demo, token] {
            await #expect(throws: IdentityError.invalidToken, comment) {
                try await authenticator.authenticate(token: token, serviceToken: serviceToken)
            }
        }
        let service = try await site.tokens.token("glance", project: "service")
        let context = try await authenticator.authenticate(token: token, serviceToken: service)
        #expect(context.userName == "demo", comment)
        #expect(context.service?.roles.contains("service") == true, comment)
        // A service token without the role is no service's, but harms nothing.
        let plain = try await authenticator.authenticate(token: demo, serviceToken: demo)
        #expect(plain.service == nil, comment)
        await #expect(throws: IdentityError.invalidToken, comment) {
            try await authenticator.authenticate(token: token, serviceToken: nil)
        }
    }
}
