import ImageDatabase
import ImageModel
import Testing
import TextCoding

@testable import ImageService

/// Positions of `add` and `remove` in the list of locations.
@Suite struct LocationPositionTests {
    private static let site = """
        show_multiple_locations = true
        image_location_quota = 5
        [import_filtering_opts]
        allowed_hosts = [127.0.0.1]
        allowed_ports = [9]
        [glance_store]
        stores = file, http
        """

    /// The names of an image's locations after a change.
    private func names(
        _ status: ImageStatus = .active, count: Int, after change: ImageChange
    ) async throws -> [String] {
        let harness = try await ServiceHarness(Self.site)
        let admin = await harness.caller("ops", roles: ["admin", "member", "reader"])
        let image = Image(
            id: UUIDText.random(), status: status, owner: "ops", size: 1, diskFormat: "raw", containerFormat: "bare",
            locations: (0..<count).map { Self.location("\($0)") })
        do {
            try await harness.database.images.insert(image)
            let changed = try await harness.service.update(image.id, [change], for: admin)
            let read = try await harness.service.show(image.id, for: admin)
            #expect(Set(read.locations.map(\.url)) == Set(changed.locations.map(\.url)))
            await harness.stores.shutdown()
            return changed.locations.map { String($0.url.split(separator: "/").last ?? "") }
        } catch {
            await harness.stores.shutdown()
            throw error
        }
    }

    /// Port 9, discard(8): nobody listens, and nobody needs to.
    private static func location(_ name: String) -> ImageLocation {
        ImageLocation(url: "http://127.0.0.1:9/\(name)")
    }

    @Test(
        arguments: [(0, "x 0 1"), (1, "0 x 1"), (2, "0 1 x"), (5, "0 1 x"), (.max, "0 1 x"), (nil, "0 1 x")]
            as [(Int?, String)])
    func aLocationIsAddedAtItsPlaceOrAtTheEnd(index: Int?, expected: String) async throws {
        let draft = LocationDraft(url: Self.location("x").url)
        let names = try await names(count: 2, after: .addLocation(index: index, draft))
        #expect(names.joined(separator: " ") == expected)
    }

    @Test func theFirstLocationOfAQueuedImageGoesToAnyPosition() async throws {
        let draft = LocationDraft(url: Self.location("x").url)
        #expect(try await names(.queued, count: 0, after: .addLocation(index: 5, draft)) == ["x"])
    }

    @Test(arguments: [(0, "1 2"), (2, "0 1"), (nil, "0 1")] as [(Int?, String)])
    func aLocationIsRemovedFromItsPlaceOrTheLast(index: Int?, expected: String) async throws {
        let names = try await names(count: 3, after: .removeLocation(index: index))
        #expect(names.joined(separator: " ") == expected)
    }

    @Test(arguments: [3, .max]) func thereIsNothingToRemoveBehindTheLast(index: Int) async throws {
        let error = await #expect(throws: ServiceError.self) {
            try await names(count: 3, after: .removeLocation(index: index))
        }
        guard case .invalid = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: [nil, 0] as [Int?]) func aQueuedImageHasNothingToRemove(index: Int?) async throws {
        let error = await #expect(throws: ServiceError.self) {
            try await names(.queued, count: 0, after: .removeLocation(index: index))
        }
        guard case .conflict = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
