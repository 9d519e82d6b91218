import Glibc
import OsloConfig
import Testing

@testable import ImageAPI

struct PasteTests {
    private func resolve(_ text: String, flavor: String? = nil, ignored: Set<String> = []) throws -> PasteApplication {
        try PasteApplication(try PasteFile(parsing: text, path: "paste.ini"), flavor: flavor, ignoredFilters: ignored)
    }

    @Test func shipsTheFileThatIsBuiltIn() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        #expect(try TextFile.read("/\(root)/etc/glance-api-paste.ini") == PasteFile.shippedText)
    }

    @Test(arguments: [
        (nil, ["cors", "http_proxy_to_wsgi", "versionnegotiation", "osprofiler", "unauthenticated-context"]),
        (
            "caching",
            ["cors", "http_proxy_to_wsgi", "versionnegotiation", "osprofiler", "unauthenticated-context", "cache"]
        ),
        ("keystone", ["cors", "http_proxy_to_wsgi", "versionnegotiation", "osprofiler", "authtoken", "context"]),
        (
            "keystone+cachemanagement",
            [
                "cors", "http_proxy_to_wsgi", "versionnegotiation", "osprofiler", "authtoken", "context", "cache",
                "cachemanage",
            ]
        ),
    ])
    func resolvesFlavors(flavor: String?, names: [String]) throws {
        let application = try resolve(PasteFile.shippedText, flavor: flavor)
        #expect(application.filters.map(\.name) == names)
        guard case .urlMap(let mounts) = application else {
            Issue.record("expected a URL map")
            return
        }
        #expect(mounts.map(\.prefix) == ["/healthcheck", "/"])
        #expect(
            mounts.first?.application
                == .healthcheck(options: [
                    "backends": "disable_by_file", "disable_by_file_path": "/etc/glance/healthcheck_disable",
                ]))
    }

    @Test func readsTheDialect() throws {
        let file = try PasteFile(
            parsing: """
                [DEFAULT]
                dir = /x
                ; comment
                [ filter:a ]
                use: egg:some#thing
                path = %(dir)s/%(here)s 100%%
                long = one
                   two
                /v2 : app
                """, path: "/etc/glance/p.ini")
        let section = try #require(file.section(["filter"], "a"))
        #expect(section["use"] == "egg:some#thing")
        #expect(section["path"] == "/x//etc/glance 100%")
        #expect(section["long"] == "one\ntwo")
        #expect(section["/v2"] == "app")
    }

    @Test func knowsFiltersAroundApplications() throws {
        let application = try resolve(
            """
            [composite:glance-api]
            use = call:paste.urlmap:urlmap_factory
            /: inner
            [filter-app:inner]
            paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
            next = outer
            [app:outer]
            paste.app_factory = glance.api.v2.router:API.factory
            filter-with = health
            [filter:health]
            use = egg:oslo.middleware#healthcheck
            """)
        #expect(application.filters.map(\.stage) == [.context, .healthcheck])
    }

    @Test func resolvesPipelinesOfOtherShapes() throws {
        let application = try resolve(
            """
            [pipeline:glance-api]
            pipeline = limit health base rootapp
            [filter:limit]
            use = egg:oslo.middleware#sizelimit
            max_request_body_size = 10
            [filter:health]
            paste.filter_factory = oslo_middleware:Healthcheck.factory
            [filter:base]
            use = limit
            max_request_body_size = 5
            [composite:rootapp]
            use = egg:Paste#urlmap
            / = versions
            /v2 = api
            [app:versions]
            paste.app_factory = glance.api.versions:create_resource
            [app:api]
            paste.app_factory = glance.api.v2.router:API.factory
            """)
        #expect(application.filters.map(\.stage) == [.sizeLimit, .healthcheck, .sizeLimit])
        #expect(application.filters.map { $0.options["max_request_body_size"] } == ["10", nil, "5"])
    }

    @Test(arguments: [
        ("[app", "a section is written"), ("key = 1", "before any section"),
        ("[filter:a]\nnothing", "expected 'key = value'"),
        ("[filter:a]\n  more", "continues the value above"), ("[app:a]\nx = %(nope)s", "not defined"),
        ("[app:other]\n", "there is no section [app:glance-api]"),
        ("[pipeline:glance-api]\n", "has no key 'pipeline'"), ("[pipeline:glance-api]\npipeline =", "is empty"),
        ("[pipeline:glance-api]\npipeline = glance-api", "refers to itself"),
        ("[pipeline:glance-api]\npipeline = missing api", "no section [filter:missing]"),
        ("[app:glance-api]\npaste.app_factory = my.module:app", "'my.module:app'"),
        ("[composite:glance-api]\npaste.composite_factory = glance.api:pipeline_factory\n", "no pipeline 'default'"),
        (
            "[pipeline:glance-api]\npipeline = own api\n[filter:own]\npaste.filter_factory = my.module:filter_factory",
            "'my.module:filter_factory', a Python filter"
        ),
    ])
    func refusesTheStart(text: String, reason: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try resolve(text) }
        #expect(error.description.contains("paste.ini"))
        #expect(error.description.contains(reason))
    }

    @Test func runsWithoutFiltersThatTheOperatorGivesUp() throws {
        let text = PasteFile.shippedText.replacing("= cors ", with: "= cors audit ")
        #expect(throws: ConfigurationError.self) { try resolve(text) }
        #expect(try resolve(text, ignored: ["audit"]).filters.count == 5)
    }

    @Test func findsTheFileNextToTheConfiguration() throws {
        var template = Array("/tmp/glance-paste-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            _ = remove("\(directory)/glance-api-paste.ini")
            _ = rmdir(directory)
        }
        let file = try #require(fopen("\(directory)/glance-api-paste.ini", "w"))
        fputs(
            PasteFile.shippedText.replacing(
                "pipeline_factory\ndefault = cors", with: "pipeline_factory\ndefault = gzip cors"
            ).replacing("delay_auth_decision = true", with: "delay_auth_decision = true\nauth_url = http://keystone"),
            file)
        fclose(file)

        let configuration = try Configuration(text: "", path: "\(directory)/glance-api.conf")
        let pipeline = try Pipeline(configuration: configuration)
        #expect(pipeline.application.filters.first?.stage == .gzip)
        #expect(!pipeline.usesKeystone)
        #expect(pipeline.warnings.contains { $0.contains("administrator") })

        let named = try Configuration(
            text: "[paste_deploy]\nconfig_file = \(directory)/glance-api-paste.ini\nflavor = keystone")
        let keystone = try Pipeline(configuration: named)
        #expect(keystone.usesKeystone)
        // Nobody is to believe that this key of the filter counts.
        let unread = keystone.warnings.filter { $0.contains("authtoken") }
        #expect(unread == ["paste filter 'authtoken': auth_url has no effect here; set it in [keystone_authtoken]"])
    }

    @Test func insistsOnANamedFile() throws {
        let configuration = try Configuration(text: "[paste_deploy]\nconfig_file = /nonexistent/paste.ini\n")
        let error = try #require(throws: ConfigurationError.self) { try Pipeline(configuration: configuration) }
        #expect(error.description.contains("/nonexistent/paste.ini"))
    }
}
