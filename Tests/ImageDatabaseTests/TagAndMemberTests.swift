import ImageModel
import Testing

@testable import ImageDatabase

@Suite struct TagAndMemberTests {
    @Test(arguments: Backend.allCases) func `tags come and go`(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Image(id: newID(), createdAt: time(0))
            try await database.images.insert(image)
            try await database.tags.add("t", toImage: image.id)
            let added = try #require(try await database.images.find(image.id))
            #expect(added.tags == ["t"] && added.updatedAt > image.updatedAt)
            try await database.tags.add("t", toImage: image.id)
            #expect(try await database.images.find(image.id) == added)
            #expect(try await database.tags.remove("t", fromImage: image.id))
            #expect(try await !database.tags.remove("t", fromImage: image.id))
            #expect(try await database.images.find(image.id)?.tags == [])
            await #expect(throws: DatabaseError.notFound) { try await database.tags.add("t", toImage: "none") }
        }
    }

    @Test(arguments: Backend.allCases) func `parallel tagging makes one row`(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Image(id: newID())
            try await database.images.insert(image)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 { group.addTask { try await database.tags.add("same", toImage: image.id) } }
                try await group.waitForAll()
            }
            #expect(try await database.session.read(Statement("SELECT id FROM image_tags"))[0].count == 1)
        }
    }

    @Test(arguments: Backend.allCases) func `members answer and leave`(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Image(id: newID())
            try await database.images.insert(image)
            let member = try await database.members.add("p", toImage: image.id, limit: -1)
            #expect(member.status == .pending && member.imageID == image.id)
            #expect(try await database.images.find(image.id)?.members == [member])
            await #expect(throws: DatabaseError.duplicate) {
                _ = try await database.members.add("p", toImage: image.id, limit: 1)
            }
            await #expect(throws: DatabaseError.limitReached) {
                _ = try await database.members.add("q", toImage: image.id, limit: 1)
            }
            await #expect(throws: DatabaseError.notFound) {
                _ = try await database.members.add("q", toImage: "none", limit: 1)
            }
            let answer = try #require(try await database.members.update("p", ofImage: image.id, status: .accepted))
            #expect(answer.status == .accepted && answer.createdAt == member.createdAt)
            #expect(try await database.images.find(image.id)?.members == [answer])
            #expect(try await database.members.update("q", ofImage: image.id, status: .accepted) == nil)
            #expect(try await database.members.remove("p", fromImage: image.id))
            #expect(try await !database.members.remove("p", fromImage: image.id))
            #expect(try await database.members.add("p", toImage: image.id, limit: 1).status == .pending)
        }
    }

    @Test(arguments: Backend.allCases) func `the member limit holds in parallel`(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Image(id: newID())
            try await database.images.insert(image)
            let outcomes = await withTaskGroup(of: DatabaseError?.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        do throws(DatabaseError) {
                            _ = try await database.members.add("p\(number)", toImage: image.id, limit: 5)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: [DatabaseError?]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 5)
            #expect(outcomes.count { $0 == .limitReached } == 15)
            #expect(try await database.images.find(image.id)?.members.count == 5)
        }
    }

    @Test(arguments: Backend.allCases) func `one import gets the lock`(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Image(id: newID())
            try await database.images.insert(image)
            let winners = await withTaskGroup(of: String?.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        do throws(DatabaseError) {
                            try await database.properties.setOnce(
                                "os_glance_import_task", to: "t\(number)", ofImage: image.id)
                            return "t\(number)"
                        } catch {
                            return nil
                        }
                    }
                }
                return await group.reduce(into: [String]()) { if let winner = $1 { $0.append(winner) } }
            }
            let winner = try #require(winners.first)
            #expect(winners.count == 1)
            #expect(try await database.images.find(image.id)?.properties == ["os_glance_import_task": winner])
            #expect(
                try await !database.properties.remove("os_glance_import_task", withValue: "other", ofImage: image.id))
            #expect(try await database.properties.remove("os_glance_import_task", withValue: winner, ofImage: image.id))
            try await database.properties.setOnce("os_glance_import_task", to: "next", ofImage: image.id)
        }
    }
}
