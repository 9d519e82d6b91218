import ImageModel
import Testing

@testable import ImageDatabase

@Suite struct TagAndMemberTests {
    @Test(arguments: Backend.allCases) func tagsComeAndGo(backend: Backend) async throws {
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

    @Test(arguments: Backend.allCases) func parallelTaggingMakesOneRow(backend: Backend) async throws {
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

    /// What a change of an image came to, when it may have been refused.
    private func outcome(_ change: () async throws -> Void) async throws -> DatabaseError? {
        do {
            try await change()
            return nil
        } catch let error as DatabaseError {
            return error
        }
    }

    @Test(arguments: Backend.allCases) func theTagLimitHoldsInParallel(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Image(id: newID(), tags: ["old", "gone"])
            try await database.images.insert(image)
            _ = try await database.images.update(from: image, to: Image(id: image.id, tags: ["old"]))
            let read = try #require(try await database.images.find(image.id))
            let limits = ImageLimits(tags: 5)
            let outcomes = try await withThrowingTaskGroup(of: DatabaseError?.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        try await outcome {
                            try await database.tags.add("t\(number)", toImage: image.id, limits: limits)
                        }
                    }
                    group.addTask {
                        try await outcome {
                            var changed = read
                            changed.tags.append("u\(number)")
                            _ = try await database.images.update(from: read, to: changed, limits: limits)
                        }
                    }
                }
                return try await group.reduce(into: [DatabaseError?]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 4)
            #expect(outcomes.count { $0 == .tooManyTags } == 16)
            let full = try #require(try await database.images.find(image.id))
            #expect(full.tags.count == 5)
            // What it has may be said again, taken away, and exchanged.
            try await database.tags.add("old", toImage: image.id, limits: limits)
            #expect(try await database.images.find(image.id) == full)
            var changed = full
            changed.tags = ["new"] + full.tags.dropFirst()
            _ = try await database.images.update(from: full, to: changed, limits: limits)
            changed = try #require(try await database.images.find(image.id))
            #expect(Set(changed.tags) == Set(["new"] + full.tags.dropFirst()))
            var smaller = changed
            smaller.tags.removeLast()
            smaller.name = "n"
            _ = try await database.images.update(from: changed, to: smaller, limits: ImageLimits(tags: 1))
            #expect(try await database.images.find(image.id)?.tags.count == 4)
        }
    }

    @Test(arguments: Backend.allCases) func thePropertyLimitHoldsInParallel(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Image(id: newID(), properties: ["os_glance_x": "1", "os_distro": "debian"])
            try await database.images.insert(image)
            let outcomes = try await withThrowingTaskGroup(of: DatabaseError?.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        try await outcome {
                            var changed = image
                            changed.properties["p\(number)"] = "v"
                            _ = try await database.images.update(
                                from: image, to: changed, limits: ImageLimits(properties: 5))
                        }
                    }
                }
                return try await group.reduce(into: [DatabaseError?]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 4)
            #expect(outcomes.count { $0 == .tooManyProperties } == 12)
            let full = try #require(try await database.images.find(image.id))
            #expect(full.properties.count == 6, "that of the reserved namespace does not count")
            // Changing one that is there adds none, whatever the limit is by now.
            var changed = full
            changed.properties["os_distro"] = "fedora"
            _ = try await database.images.update(from: full, to: changed, limits: ImageLimits(properties: 1))
            #expect(try await database.images.find(image.id)?.properties["os_distro"] == "fedora")
        }
    }

    @Test(arguments: Backend.allCases) func membersAnswerAndLeave(backend: Backend) async throws {
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

    @Test(arguments: Backend.allCases) func theMemberLimitHoldsInParallel(backend: Backend) async throws {
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

    @Test(arguments: Backend.allCases) func oneImportGetsTheLock(backend: Backend) async throws {
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
