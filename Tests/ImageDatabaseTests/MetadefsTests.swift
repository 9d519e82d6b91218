import JSON
import Testing

@testable import ImageDatabase

/// Metadata definitions: namespaces and what is in them.
@Suite struct MetadefsTests {
    private static func namespace(
        _ name: String, _ seconds: Int64 = 0, visibility: String = "public", owner: String = "me"
    ) -> MetadefNamespace {
        var namespace = MetadefNamespace(name: name, visibility: visibility, owner: owner)
        namespace.createdAt = time(seconds)
        namespace.updatedAt = time(seconds)
        return namespace
    }

    private static let contents: MetadefContents = {
        var contents = MetadefContents()
        for (index, name) in ["z", "a", "m"].enumerated() {
            var object = MetadefEntry(
                name: name, schema: ["p": ["title": "P", "type": "string"]], description: "About", required: ["p"])
            object.createdAt = time(Int64(index))
            contents.objects.append(object)
        }
        contents.properties = [MetadefEntry(name: "p", schema: ["title": "P", "type": "integer", "default": 5])]
        contents.tags = [MetadefEntry(name: "t")]
        contents.associations = [MetadefAssociation(name: "OS::Glance::Image", prefix: "hw_")]
        return contents
    }()

    @Test(arguments: Backend.allCases) func aNamespaceIsReadWithAllThatIsInIt(backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await database.metadefs.insert(Self.namespace("n"), Self.contents)
            await #expect(throws: DatabaseError.duplicate) {
                try await database.metadefs.insert(Self.namespace("n"), Self.contents)
            }
            let found = try #require(try await database.metadefs.namespace("n"))
            let contents = try await database.metadefs.contents(of: found)
            #expect(contents.objects.map(\.name) == ["z", "a", "m"])
            #expect(contents.objects.first?.required == ["p"] && contents.objects.first?.description == "About")
            #expect(contents.properties.first?.schema == Self.contents.properties.first?.schema)
            #expect(contents.tags.map(\.name) == ["t"])
            #expect(contents.associations.first?.prefix == "hw_")
            #expect(try await database.metadefs.resourceTypes().map(\.name) == ["OS::Glance::Image"])
        }
    }

    @Test(arguments: Backend.allCases) func entriesAreChangedAndRemoved(backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await database.metadefs.insert(Self.namespace("n"), Self.contents)
            let found = try #require(try await database.metadefs.namespace("n"))
            try await database.metadefs.update(.object, "a", of: found, to: MetadefEntry(name: "b"))
            await #expect(throws: DatabaseError.duplicate) {
                try await database.metadefs.update(.object, "b", of: found, to: MetadefEntry(name: "z"))
            }
            await #expect(throws: DatabaseError.notFound) {
                try await database.metadefs.update(.property, "none", of: found, to: MetadefEntry(name: "x"))
            }
            try await database.metadefs.remove(.object, "z", of: found)
            await #expect(throws: DatabaseError.notFound) {
                try await database.metadefs.remove(.object, "z", of: found)
            }
            try await database.metadefs.add(
                [MetadefEntry(name: "u"), MetadefEntry(name: "v")], .tag, to: found, replacing: true)
            try await database.metadefs.dissociate("OS::Glance::Image", from: found)
            let contents = try await database.metadefs.contents(of: found)
            #expect(contents.objects.map(\.name) == ["b", "m"])
            #expect(Set(contents.tags.map(\.name)) == ["u", "v"])
            #expect(contents.associations.isEmpty)
            var guarded = found
            guarded.isProtected = true
            try await database.metadefs.update("n", to: guarded)
            await #expect(throws: DatabaseError.conflict) { try await database.metadefs.delete(found) }
            try await database.metadefs.delete(found, evenProtected: true)
            #expect(try await database.metadefs.namespace("n") == nil)
        }
    }

    /// Also over namespaces that Glance has loaded from files that do not say who may see them.
    @Test(arguments: Backend.allCases) func pagesHaveEveryNamespaceOnce(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let names = ["e", "c", "a", "d", "b"]
            for (index, name) in names.enumerated() {
                let visibility = name == "a" ? "private" : "public"
                try await database.metadefs.insert(
                    Self.namespace(name, Int64(index), visibility: visibility), MetadefContents())
            }
            try await database.session.write([
                Statement("UPDATE metadef_namespaces SET visibility = NULL, updated_at = NULL WHERE namespace = 'c'")
            ])
            let all = MetadefsFacet.Filter(project: nil)
            for key in MetadefPage.SortKey.allCases {
                for isAscending in [true, false] {
                    var page = MetadefPage(sortKey: key, isAscending: isAscending, limit: 2)
                    var seen: [String] = []
                    repeat {
                        let found = try await database.metadefs.namespaces(all, page).map(\.name)
                        seen += found
                        page.marker = found.last
                        if found.count < 2 { break }
                    } while seen.count <= names.count
                    #expect(Set(seen) == Set(names) && seen.count == names.count, "\(key) \(isAscending): \(seen)")
                    if key == .name { #expect(seen == (isAscending ? names.sorted() : names.sorted().reversed())) }
                }
            }
            var hidden = all
            hidden.visibility = "private"
            #expect(try await Set(database.metadefs.namespaces(hidden, MetadefPage()).map(\.name)) == ["a", "c"])
            let stranger = MetadefsFacet.Filter(project: .some("theirs"))
            #expect(
                try await Set(database.metadefs.namespaces(stranger, MetadefPage()).map(\.name)) == ["b", "d", "e"])
            await #expect(throws: DatabaseError.markerNotFound) {
                try await database.metadefs.namespaces(all, MetadefPage(marker: "none"))
            }
        }
    }

    @Test(arguments: Backend.allCases) func nothingToWriteIsNothingToWaitFor(backend: Backend) async throws {
        try await backend.withDatabase { database in
            #expect(try await database.session.write([]).isEmpty)
            try await database.metadefs.insert(Self.namespace("n"), MetadefContents())
            let found = try #require(try await database.metadefs.namespace("n"))
            try await database.metadefs.add([], .tag, to: found)
            #expect(try await database.metadefs.contents(of: found) == MetadefContents())
        }
    }

    @Test(arguments: Backend.allCases) func filesAreLoadedAsTheOperatorSays(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let file = MetadefFile(namespace: Self.namespace("n"), contents: Self.contents)
            #expect(try await database.metadefs.load(file, existing: .stays))
            #expect(try await !database.metadefs.load(file, existing: .stays))
            var changed = file
            changed.contents.properties[0].schema = ["title": "New", "type": "integer"]
            changed.contents.tags.append(MetadefEntry(name: "more"))
            func title() async throws -> String? {
                let found = try #require(try await database.metadefs.namespace("n"))
                let contents = try await database.metadefs.contents(of: found)
                #expect(contents.tags.count == 2)
                return contents.properties.first?.schema["title"]?.stringValue
            }
            #expect(try await database.metadefs.load(changed, existing: .isCompleted))
            #expect(try await title() == "P")
            #expect(try await database.metadefs.load(changed, existing: .isUpdated))
            #expect(try await title() == "New")
            #expect(try await database.metadefs.load(changed, existing: .isReplaced))
            #expect(try await title() == "New")
            #expect(try await database.metadefs.files().map(\.namespace.name) == ["n"])
            try await database.metadefs.unload()
            #expect(try await database.metadefs.files().isEmpty)
        }
    }
}
