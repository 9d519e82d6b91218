import ImageModel
import Testing

@testable import ImageAPI

@Suite struct ImageListRequestTests {
    private static let viewer = ImageQuery.Viewer(project: "p", isAdmin: false)

    private func read(_ query: String) throws -> ImageQuery {
        try ImageListRequest(QueryParameters(query), viewer: Self.viewer, limits: .init(standard: 25, maximum: 100))
            .query
    }

    @Test func anEmptyQueryHasTheDefaults() throws {
        let query = try read("")
        #expect(query.viewer == Self.viewer)
        #expect(query.filters.isEmpty)
        #expect(query.visibility == nil)
        #expect(!query.includesCommunity)
        #expect(query.memberStatus == .accepted)
        #expect(!query.isHidden)
        #expect(query.marker == nil)
        #expect(query.limit == 25)
        #expect(
            query.sort == [ImageQuery.Sort(.createdAt, descending: true), ImageQuery.Sort(.id, descending: true)])
    }

    @Test(arguments: [
        ("name=a", ImageQuery.Filter.oneOf(.name, ["a"])),
        ("name=in:a,%22b,c%22", .oneOf(.name, ["a", "b,c"])),
        ("id=in:1,2", .oneOf(.id, ["1", "2"])),
        ("status=active", .oneOf(.status, ["active"])),
        ("disk_format=in:raw,qcow2", .oneOf(.diskFormat, ["raw", "qcow2"])),
        ("container_format=bare", .oneOf(.containerFormat, ["bare"])),
        ("owner=in:a", .oneOf(.owner, ["in:a"])),
        ("checksum=x", .oneOf(.checksum, ["x"])),
        ("os_hash_algo=sha512", .oneOf(.hashAlgorithm, ["sha512"])),
        ("os_hash_value=y", .oneOf(.hashValue, ["y"])),
        ("size_min=5", .integer(.size, .greaterOrEqual, 5)),
        ("size_max=99999999999999999999", .integer(.size, .lessOrEqual, .max)),
        ("size_max=-99999999999999999999", .integer(.size, .lessOrEqual, -.max)),
        ("min_ram_min=0", .integer(.minRAM, .greaterOrEqual, 0)),
        ("min_disk_max=-1", .integer(.minDisk, .lessOrEqual, -1)),
        ("virtual_size_max=%2B7", .integer(.virtualSize, .lessOrEqual, 7)),
        ("size=10", .integer(.size, .equal, 10)),
        ("min_ram=512", .integer(.minRAM, .equal, 512)),
        ("protected=true", .isProtected(true)),
        ("tag=+a+", .tag("a")),
        ("os_distro=debian", .property("os_distro", "debian")),
        ("kernel:id=x:y", .property("kernel:id", "x:y")),
        ("flag", .property("flag", "")),
        ("n%C3%A4me=%C3%BC", .property("näme", "ü")),
    ])
    func filters(query: String, expected: ImageQuery.Filter) throws {
        #expect(try read(query).filters == [expected])
    }

    @Test func parametersAreCounted() throws {
        let most = (0..<500).map { "a\($0)=b" }.joined(separator: "&")
        #expect(try read(most).filters.count == 500)
        #expect(throws: APIError.self) { try read(most + "&limit=1") }
    }

    @Test func repeatedTagsAllCount() throws {
        #expect(try read("tag=a&os=x&tag=b").filters == [.tag("a"), .property("os", "x"), .tag("b")])
    }

    /// Earlier ones are not even looked at.
    @Test(arguments: [
        ("name=a&name=b", [ImageQuery.Filter.oneOf(.name, ["b"])]),
        ("status=neq:x&os=y&status=active", [.property("os", "y"), .oneOf(.status, ["active"])]),
        ("min_ram_min=x&min_ram_min=0", [.integer(.minRAM, .greaterOrEqual, 0)]),
        ("os=a&os=b&OS=c", [.property("os", "b"), .property("OS", "c")]),
        ("protected=maybe&protected=false", [.isProtected(false)]),
        ("size_min=1&size_max=2", [.integer(.size, .greaterOrEqual, 1), .integer(.size, .lessOrEqual, 2)]),
        ("n%C3%A9=a&ne%CC%81=b", [.property("n\u{e9}", "a"), .property("ne\u{301}", "b")]),
    ])
    func ofRepeatedFiltersTheLastCounts(query: String, expected: [ImageQuery.Filter]) throws {
        #expect(try read(query).filters == expected)
    }

    @Test func controlsAreNotFilters() throws {
        let query = try read(
            "limit=7&marker=m&visibility=all&member_status=all&os_hidden=TRUE&deleted=true&sort=name:asc")
        #expect(query.filters.isEmpty)
        #expect(query.limit == 7)
        #expect(query.marker == "m")
        #expect(query.includesCommunity)
        #expect(query.visibility == nil)
        #expect(query.memberStatus == nil)
        #expect(query.isHidden)
        #expect(query.sort.first == ImageQuery.Sort(.name, descending: false))
    }

    @Test(arguments: [
        ("limit=0", 0), ("limit=100", 100), ("limit=101", 100), ("limit=999999999999999999999999", 100),
        ("limit=%207", 7),
        ("limit=5&limit=6", 6), ("limit=-0", 0),
    ])
    func limits(query: String, expected: Int) throws {
        #expect(try read(query).limit == expected)
    }

    @Test func theDefaultPageIsNotLargerThanTheLargest() throws {
        let limits = ImageListRequest.Limits(standard: 25, maximum: 10)
        let query = try ImageListRequest(QueryParameters(nil), viewer: Self.viewer, limits: limits).query
        #expect(query.limit == 10)
    }

    @Test(arguments: Visibility.allCases)
    func visibility(value: Visibility) throws {
        let query = try read("visibility=\(value.rawValue)")
        #expect(query.visibility == value)
        #expect(!query.includesCommunity)
    }

    @Test(arguments: [
        "limit=", "limit=abc", "limit=-1", "limit=1.5", "visibility=", "visibility=secret", "member_status=maybe",
        "os_hidden=", "os_hidden=1", "protected=yes", "protected=True", "size_min=abc", "size_min=", "size=abc",
        "min_ram=", "foo_min=1", "foo_max=1", "created_at_min=1", "_min=1", "properties=x", "locations=x", "members=x",
        "tags=ab", "changes-since=2026-01-01T00:00:00Z", "changes-since=", "name=neq:a", "name=in:%22a",
        "created_at=gt:x", "updated_at=in:2026-01-01", "sort_key=owner", "sort_key=", "sort_dir=up",
        "sort_key=name&sort_dir=asc&sort_dir=desc", "sort_dir=asc&sort_dir=desc", "sort=name&sort_key=id",
        "sort=name&sort_dir=asc", "sort=", "sort=name:up", "sort=,name", "a=%FF", "%C3=1", "name=a%00b", "%00=1",
    ])
    func refused(query: String) {
        let error = #expect(throws: APIError.self) { try read(query) }
        #expect(error?.status == .badRequest)
        #expect(error?.message.isEmpty == false)
    }

    /// Columns with their directions; `created_at` and `id` at the end have the direction of the request if it has one only.
    @Test(arguments: [
        ("sort_key=name", "-name -created_at -id"),
        ("sort_dir=asc", "+created_at +id"),
        ("sort_dir=desc", "-created_at -id"),
        ("sort_key=name&sort_dir=asc", "+name +created_at +id"),
        ("sort_key=name&sort_key=size&sort_dir=asc", "+name +size +created_at +id"),
        ("sort_key=name&sort_key=size", "-name -size -created_at -id"),
        ("sort_key=name&sort_dir=asc&sort_key=id&sort_dir=desc", "+name -id -created_at"),
        (
            "sort_key=disk_format&sort_key=container_format&sort_dir=asc&sort_dir=asc",
            "+disk_format +container_format -created_at -id"
        ),
        ("sort=name", "-name -created_at -id"),
        ("sort=name:asc", "+name +created_at +id"),
        ("sort=name:asc,%20size%20,status:", "+name -size -status -created_at -id"),
        ("sort=container_format:asc,disk_format:asc", "+container_format +disk_format -created_at -id"),
        ("sort=name,name:asc", "-name -created_at -id"),
        ("sort=name:asc,name:asc", "+name -created_at -id"),
        ("sort=updated_at:asc", "+updated_at +created_at +id"),
        ("sort=created_at:asc", "+created_at +id"),
        ("sort=id:asc,created_at:asc", "+id +created_at"),
    ])
    func sorting(query: String, expected: String) throws {
        let order = try read(query).sort.map { ($0.isDescending ? "-" : "+") + $0.column.rawValue }
        #expect(order.joined(separator: " ") == expected)
    }

    @Test(
        arguments: [
            ("", nil, "/v2/images", nil),
            ("", "m1", "/v2/images", "/v2/images?marker=m1"),
            ("limit=2&marker=m0", "m1", "/v2/images?limit=2", "/v2/images?limit=2&marker=m1"),
            (
                "tag=a&name=x+y&tag=b%26c", "m1", "/v2/images?tag=a&name=x+y&tag=b%26c",
                "/v2/images?tag=a&name=x+y&tag=b%26c&marker=m1"
            ),
            ("flag&n=%C3%A4", nil, "/v2/images?flag=&n=%C3%A4", nil),
        ] as [(String, String?, String, String?)])
    func links(query: String, marker: String?, first: String, next: String?) throws {
        let links = PageLinks(path: "/v2/images", parameters: try QueryParameters(query), nextMarker: marker)
        #expect(links.first == first)
        #expect(links.next == next)
    }

    /// What a client can send is read or refused with 400, and a link leads to the same query.
    @Test func randomQueries() throws {
        var random = SeededRandom(seed: 23)
        let names = [
            "limit", "marker", "sort", "sort_key", "sort_dir", "visibility", "name", "id", "created_at", "size_min",
            "size_max", "_min", "tag", "protected", "os_hidden", "member_status", "x%00", "%", "%C3%A4", "", "owner",
        ]
        let values = [
            "in:", "eq:", "gte:", "\"", "\\", ",", "%22", "%2C", "a", "-1", "99999999999999999999", "name", ":asc",
            "all",
            "true", "2026-01-01", "T00:00:00Z", "+", "%", "%4", "%F0%9F%98%80", "=", "é", "0",
        ]
        var (read, refused) = (0, 0)
        for _ in 0..<20_000 {
            var pairs: [String] = []
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                pairs.append(random.pick(names) + "=" + random.text(of: values, upTo: 4))
            }
            let text = pairs.joined(separator: "&")
            do {
                let query = try self.read(text)
                read += 1
                #expect((0...100).contains(query.limit))
                #expect(!query.sort.isEmpty)
                let links = PageLinks(path: "/", parameters: try QueryParameters(text), nextMarker: "m")
                let next = try self.read(String(try #require(links.next).dropFirst(2)))
                #expect(next.filters == query.filters, "\(text)")
                #expect(next.sort == query.sort)
                #expect(next.marker == "m")
            } catch let error as APIError {
                refused += 1
                #expect(error.status == .badRequest)
            }
        }
        #expect(read > 1000 && refused > 1000)
    }
}
