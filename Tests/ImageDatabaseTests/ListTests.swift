import ImageModel
import Testing
import TextCoding

@testable import ImageDatabase

@Suite struct ListTests {
    private static let projects: [String?] = ["p1", "p2", "p3", nil]

    /// Images with many nulls and many equal values.
    private static func images(_ count: Int, _ random: inout SeededRandom) -> [Image] {
        (0..<count).map { number in
            let id =
                "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - String(number).count) + String(number)
            let status: [ImageStatus] = [.queued, .active, .active, .active, .deactivated, .killed, .saving]
            return Image(
                id: id, name: [nil, "a", "b", "B", "ab"].randomElement(using: &random)!,
                status: status.randomElement(using: &random)!,
                visibility: Visibility.allCases.randomElement(using: &random)!,
                owner: projects.randomElement(using: &random)!,
                size: [nil, 0, 1, 5_000_000_000].randomElement(using: &random)!,
                diskFormat: [nil, "raw", "qcow2"].randomElement(using: &random)!,
                containerFormat: [nil, "bare"].randomElement(using: &random)!,
                minDisk: Int.random(in: 0...2, using: &random), minRAM: Int.random(in: 0...2, using: &random),
                isProtected: Bool.random(using: &random), isHidden: Int.random(in: 0...4, using: &random) == 0,
                createdAt: time(Int64.random(in: 0...5, using: &random)),
                updatedAt: time(Int64.random(in: 6...9, using: &random)),
                properties: Bool.random(using: &random)
                    ? ["k": Bool.random(using: &random) ? "v" : "w", "z": "1", "a": "1", "b": "1", "c": "1", "d": "1"]
                    : [:],
                tags: (Bool.random(using: &random) ? ["1", "2", "3", "4"] : [])
                    + ["x", "y"].filter { _ in Bool.random(using: &random) },
                locations: [ImageLocation(url: "file:///\(number)"), ImageLocation(url: "http://\(number)")],
                members: ["p1", "p2"].filter { _ in Bool.random(using: &random) }.map {
                    ImageMember(
                        imageID: id, project: $0, status: ImageMember.Status.allCases.randomElement(using: &random)!,
                        createdAt: time(1))
                })
        }
    }

    // MARK: The model: what a list shows, in plain Swift

    private static func isListed(_ image: Image, _ query: ImageQuery) -> Bool {
        if image.status == .killed || image.isHidden != query.isHidden { return false }
        let isOwn = query.viewer.project != nil && image.owner == query.viewer.project
        let isShared =
            image.visibility == .shared
            && image.members.contains {
                $0.project == query.viewer.project && (query.memberStatus == nil || $0.status == query.memberStatus)
            }
        let isSeen = query.viewer.isAdmin || isOwn || isShared || [.public, .community].contains(image.visibility)
        guard isSeen else { return false }
        if let visibility = query.visibility {
            if image.visibility != visibility { return false }
        } else if !query.includesCommunity && image.visibility == .community && !isOwn {
            return false
        }
        return query.filters.allSatisfy { matches(image, $0) }
    }

    private static func matches(_ image: Image, _ filter: ImageQuery.Filter) -> Bool {
        func compare<Value: Comparable>(_ value: Value?, _ comparison: ImageQuery.Comparison, _ other: Value) -> Bool {
            guard let value else { return false }
            return switch comparison {
            case .equal: value == other
            case .notEqual: value != other
            case .greater: value > other
            case .greaterOrEqual: value >= other
            case .less: value < other
            case .lessOrEqual: value <= other
            }
        }
        switch filter {
        case .oneOf(let column, let values): return text(image, column).map(values.contains) ?? false
        case .integer(.size, let comparison, let value): return compare(image.size, comparison, value)
        case .integer(.minRAM, let comparison, let value): return compare(Int64(image.minRAM), comparison, value)
        case .time(.createdAt, let comparison, let value): return compare(image.createdAt, comparison, value)
        case .time(_, let comparison, let value): return compare(image.updatedAt, comparison, value)
        case .isProtected(let value): return image.isProtected == value
        case .tag(let tag): return image.tags.contains(tag)
        case .property(let name, let value): return image.properties[name] == .some(value)
        case .integer: return false
        }
    }

    private static func text(_ image: Image, _ column: ImageQuery.Column) -> String? {
        switch column {
        case .name: image.name
        case .status: image.status.rawValue
        case .visibility: image.visibility.rawValue
        case .diskFormat: image.diskFormat
        case .containerFormat: image.containerFormat
        case .owner: image.owner
        case .id: image.id
        default: nil
        }
    }

    /// Whether `left` stands before `right`, given where nulls stand.
    private static func isBefore(_ left: Image, _ right: Image, _ keys: [ImageQuery.Sort], nullsAreSmallest: Bool)
        -> Bool
    {
        func order<Value: Comparable>(_ one: Value?, _ two: Value?) -> Int {
            switch (one, two) {
            case (nil, nil): 0
            case (nil, _): nullsAreSmallest ? -1 : 1
            case (_, nil): nullsAreSmallest ? 1 : -1
            case (let one?, let two?): one < two ? -1 : (one > two ? 1 : 0)
            }
        }
        for key in keys {
            let result: Int =
                switch key.column {
                case .size: order(left.size, right.size)
                case .createdAt: order(left.createdAt, right.createdAt)
                case .updatedAt: order(left.updatedAt, right.updatedAt)
                default:
                    order(text(left, key.column).map(Bytes.init), text(right, key.column).map(Bytes.init))
                }
            if result != 0 { return key.isDescending ? result > 0 : result < 0 }
        }
        return false
    }

    /// A text as the test servers sort it: by its bytes.
    private struct Bytes: Comparable {
        let text: String

        static func < (left: Bytes, right: Bytes) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
    }

    private static func randomQuery(_ random: inout SeededRandom) -> ImageQuery {
        var query = ImageQuery(
            viewer: .init(
                project: projects.randomElement(using: &random)!, isAdmin: Int.random(in: 0...3, using: &random) == 0))
        query.visibility = Bool.random(using: &random) ? nil : Visibility.allCases.randomElement(using: &random)
        query.includesCommunity = query.visibility == nil && Bool.random(using: &random)
        query.memberStatus = ([nil] + ImageMember.Status.allCases).randomElement(using: &random)!
        query.isHidden = Int.random(in: 0...3, using: &random) == 0
        let filters: [ImageQuery.Filter] = [
            .oneOf(.name, ["a"]), .oneOf(.name, ["a", "b"]), .oneOf(.status, ["active"]), .oneOf(.status, ["nonsense"]),
            .oneOf(.visibility, ["public", "nonsense"]), .oneOf(.name, []), .oneOf(.owner, ["p2"]),
            .integer(.size, .greaterOrEqual, 1), .integer(.size, .lessOrEqual, 4_999_999_999),
            .integer(.minRAM, .equal, 1), .time(.createdAt, .greater, time(2)),
            .time(.createdAt, .lessOrEqual, time(3)),
            .time(.updatedAt, .notEqual, time(7)), .isProtected(true), .isProtected(false), .tag("x"), .tag("none"),
            .property("k", "v"), .property("none", "v"),
        ]
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            query.filters.append(filters.randomElement(using: &random)!)
        }
        let children: [ImageQuery.Filter] = [
            .tag("x"), .tag("y"), .tag("1"), .tag("2"), .tag("3"), .tag("4"), .property("k", "v"),
            .property("k", "w"), .property("z", "1"), .property("a", "1"), .property("b", "1"), .property("c", "1"),
            .property("d", "1"),
        ]
        if Int.random(in: 0...3, using: &random) == 0 {
            query.filters += (0..<Int.random(in: 2...9, using: &random)).map { _ in
                children.randomElement(using: &random)!
            }
        }
        let columns: [ImageQuery.Column] = [
            .name, .size, .diskFormat, .containerFormat, .status, .createdAt, .updatedAt, .id,
        ]
        if Bool.random(using: &random) {
            query.sort = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                .init(columns.randomElement(using: &random)!, descending: Bool.random(using: &random))
            }
        }
        query.limit = Int.random(in: 1...9, using: &random)
        return query
    }

    @Test(arguments: [Backend.postgreSQL, .sqlite])
    func pagesTogetherAreTheWholeListForRandomImagesAndQueries(backend: Backend) async throws {
        try await backend.withDatabase { database in
            var random = SeededRandom(state: 7)
            let images = Self.images(120, &random)
            for image in images { try await database.images.insert(image) }
            var nonEmpty = 0
            for _ in 0..<150 {
                let query = Self.randomQuery(&random)
                let keys = ImageListStatement.totalOrder(query.sort)
                let expected = images.filter { Self.isListed($0, query) }.sorted {
                    Self.isBefore($0, $1, keys, nullsAreSmallest: backend == .sqlite)
                }
                var listed: [Image] = []
                var page = query
                repeat {
                    let result = try await database.images.list(page)
                    listed += result
                    page.marker = result.count == query.limit ? result.last?.id : nil
                } while page.marker != nil
                #expect(listed.map(\.id) == expected.map(\.id), "\(query)")
                // However few hits of a filter are few, and with and without an attempt.
                for mostHits in [0, 9, 36] {
                    let statement = ImageListStatement(query, database.session.dialect, mostHits: mostHits)
                    let rows = try await database.session.read(statement.build())
                    let first = try database.session.imageRows.decode(rows[0]).images
                    #expect(first.map(\.id) == expected.prefix(query.limit).map(\.id), "\(mostHits): \(query)")
                }
                for (read, image) in zip(listed, expected) {
                    #expect(read.properties == image.properties && read.tags == image.tags)
                    #expect(read.locations.map(\.url) == image.locations.map(\.url))
                    #expect(read.members == image.members)
                }
                if !listed.isEmpty { nonEmpty += 1 }
            }
            #expect(nonEmpty > 60, "the random queries must find something")
        }
    }

    /// As joins, a hundred of either kind held PostgreSQL for half a minute.
    @Test(.timeLimit(.minutes(1)), arguments: Backend.allCases)
    func filtersByManyTagsAndPropertiesAreCheap(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let numbers = 0..<250
            let tags = numbers.map { "t\($0)" }
            let properties = numbers.map { ("p\($0)", "v\($0)") }
            let image = Image(
                id: UUIDText.random(), owner: "p", properties: Dictionary(uniqueKeysWithValues: properties), tags: tags)
            try await database.images.insert(image)
            try await database.images.insert(
                Image(id: UUIDText.random(), owner: "p", properties: ["p1": "v1"], tags: ["t1", "t2"]))
            var query = ImageQuery(viewer: .init(project: "p", isAdmin: false))
            query.filters = tags.map { .tag($0) } + properties.map { .property($0, $1) }
            let clock = ContinuousClock()
            let start = clock.now
            for _ in 0..<3 { #expect(try await database.images.list(query).map(\.id) == [image.id]) }
            #expect(clock.now - start < .seconds(10))
            // Bytes count, not characters: this is another spelling of the same one.
            query.filters += [.tag("\u{e9}"), .tag("e\u{301}")]
            #expect(try await database.images.list(query).isEmpty)
            try await database.tags.add("\u{e9}", toImage: image.id)
            #expect(try await database.images.list(query).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases) func aMarkerMustBeWithinReach(backend: Backend) async throws {
        try await backend.withDatabase { database in
            func add(_ visibility: Visibility, member: String? = nil) async throws -> String {
                let id = newID()
                let members = member.map { [ImageMember(imageID: id, project: $0, status: .rejected)] } ?? []
                try await database.images.insert(Image(id: id, visibility: visibility, owner: "p1", members: members))
                return id
            }
            let (secret, hidden, shared) = (
                try await add(.private), try await add(.community), try await add(.shared, member: "p2")
            )
            // Everybody sees an image without owner, so it can be a marker, too.
            let nobodys = newID()
            try await database.images.insert(Image(id: nobodys, visibility: .private, owner: nil))
            func list(_ marker: String, _ project: String?, isAdmin: Bool = false) async throws -> [Image] {
                var query = ImageQuery(viewer: .init(project: project, isAdmin: isAdmin))
                query.marker = marker
                return try await database.images.list(query)
            }
            for (marker, project) in [(secret, "p2"), (shared, "p3"), ("none", "p1")] {
                await #expect(throws: DatabaseError.markerNotFound) { _ = try await list(marker, project) }
            }
            for (marker, project) in [
                (secret, "p1"), (hidden, "p3"), (shared, "p2"), (nobodys, "p2"), (nobodys, nil),
            ] {
                _ = try await list(marker, project)
            }
            _ = try await list(secret, nil, isAdmin: true)
        }
    }

    @Test(arguments: Backend.allCases) func aDeletedMarkerStillEndsAPage(backend: Backend) async throws {
        try await backend.withDatabase { database in
            func add(_ number: Int64, _ visibility: Visibility, member: String? = nil) async throws -> String {
                let id = newID()
                let members = member.map { [ImageMember(imageID: id, project: $0, status: .accepted)] } ?? []
                try await database.images.insert(
                    Image(
                        id: id, visibility: visibility, owner: "p1", createdAt: time(number), updatedAt: time(number),
                        members: members))
                return id
            }
            let rest = try await add(1, .public)
            let (secret, open) = (try await add(2, .private), try await add(3, .community))
            let (shared, left) = (
                try await add(4, .shared, member: "p2"), try await add(5, .shared, member: "p2")
            )
            #expect(try await database.members.remove("p2", fromImage: left))
            for id in [secret, shared, left] {
                _ = try await database.images.delete(id, to: .deleted, from: [.queued])
            }
            _ = try await database.images.delete(open, to: .pendingDelete, from: [.queued])
            func list(_ marker: String, _ project: String?, isAdmin: Bool = false) async throws -> [String] {
                var query = ImageQuery(viewer: .init(project: project, isAdmin: isAdmin))
                query.marker = marker
                return try await database.images.list(query).map(\.id)
            }
            for marker in [secret, open, shared, left] {
                #expect(try await list(marker, "p1") == [rest])
                #expect(try await list(marker, nil, isAdmin: true) == [rest])
            }
            #expect(try await list(open, "p3") == [rest])
            #expect(try await list(shared, "p2") == [rest], "its members were deleted with it")
            for (marker, project) in [(secret, "p2"), (shared, "p3"), (left, "p2")] {
                await #expect(throws: DatabaseError.markerNotFound) { _ = try await list(marker, project) }
            }
        }
    }

    @Test(arguments: Backend.allCases) func aPageOfNothingIsEmpty(backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await database.images.insert(Image(id: newID(), visibility: .public))
            var query = ImageQuery(viewer: .init(project: "p", isAdmin: false))
            query.limit = 0
            #expect(try await database.images.list(query).isEmpty)
            query.limit = -3
            #expect(try await database.images.list(query).isEmpty)
            query.limit = 1000
            #expect(try await database.images.list(query).count == 1)
        }
    }
}
