import Foundation
import ImageModel
import JSON
import TestSupport
import Testing

@testable import ImageDatabase
@testable import ImageImport

/// What others are told of imports and their tasks.
@Suite struct ImportNotificationTests {
    private let told = NotificationRecorder()

    private func statuses(_ type: String) -> [String?] { told.ofType(type).map { $0.payload["status"]?.stringValue } }

    @Test func everyStepOfAnImportIsTold() async throws {
        try await ImportHarness.run(notifier: told.notifier) { test in
            let caller = await test.caller()
            let id = try await test.staged([1, 2, 3], by: caller)
            try await test.ask(["name": "glance-direct"], for: id, ["all_stores": true], by: caller)
            try await test.finish(try test.importer())
            #expect(
                told.types == [
                    "image.create", "image.update", "image.update", "task.create", "task.run", "image.update",
                    "task.processing", "image.prepare", "image.upload", "image.update", "image.prepare",
                    "image.upload", "image.activate", "image.update", "task.success", "image.update",
                ])
            #expect(
                statuses("image.update") == ["uploading", "uploading", "importing", "importing", "active", "active"])
            let last = try #require(told.notifications.last?.payload["properties"]?.objectValue)
            #expect(last == ["os_glance_importing_to_stores": "", "os_glance_failed_import": ""])
            #expect(told.ofType("image.prepare").map { $0.payload["backend"] } == ["fast", "slow"])
            #expect(
                told.ofType("image.upload").map { $0.payload["os_glance_importing_to_stores"] } == [["slow"], []])
            let task = try #require(told.ofType("task.success").first?.payload.objectValue)
            #expect(
                Set(task.keys) == [
                    "id", "type", "status", "result", "owner", "message", "expires_at", "created_at", "updated_at",
                    "deleted", "deleted_at",
                ])
            #expect(task["status"] == "success" && task["type"] == "api_image_import" && task["message"] == .null)
            #expect(statuses("task.processing") == ["processing"])
        }
    }

    @Test func anImportThatFailsIsTold() async throws {
        try await ImportHarness.run(notifier: told.notifier) { test in
            let caller = await test.caller()
            let id = try await test.staged([1, 2, 3], by: caller)
            try FileManager.default.removeItem(atPath: test.directory + "/slow")
            try await test.ask(["name": "glance-direct"], for: id, ["all_stores": true], by: caller)
            try await test.finish(try test.importer())
            #expect(told.ofType("image.upload").map(\.priority) == [.info, .error])
            #expect(told.ofType("task.failure").count == 1 && told.ofType("task.success").isEmpty)
            let last = try #require(told.ofType("image.update").last?.payload)
            #expect(last["status"] == "queued" && last["size"] == .null)
            #expect(last["properties"]?["os_glance_failed_import"] == "fast,slow")
        }
    }

    @Test func aTaskOfTheTasksAPIIsTold() async throws {
        try await ImportHarness.run(notifier: told.notifier) { test in
            let caller = await test.caller(roles: ["admin", "member", "reader"])
            _ = try await test.tasks.create(type: "import", input: ["import_from": "http://x"], for: caller)
            try await test.finish(try test.importer())
            #expect(told.types == ["task.create", "task.run", "task.failure"])
            #expect(told.notifications.allSatisfy { $0.payload["result"] == .null && $0.payload["message"] == .null })
        }
    }
}
