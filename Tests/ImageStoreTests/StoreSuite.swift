import Foundation
import ImageModel
import ImageStore
import NIOCore
import TestSupport
import Testing

/// What every driver does alike, shown on its real backend.
@Suite struct StoreSuite {
    @Test(arguments: Driver.allCases)
    func returnsWhatWasStored(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            for size in [0, 1, 511, 65536, 65537, 3_000_017] {
                let bytes = Noise.bytes(size, seed: UInt64(size))
                let location = try await test.put(bytes)
                #expect(try await test.store.size(of: location) == Int64(size))
                #expect(try await test.store.read(location) == bytes)
                #expect(location.storeID == test.store.id)
                #expect(test.store.owns(location))
            }
        }
    }

    @Test(arguments: Driver.allCases)
    func readsRanges(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let bytes = Noise.bytes(300_000, seed: 1)
            let location = try await test.put(bytes)
            for range in [0..<1, 0..<300_000, 299_999..<300_000, 65_536..<131_072, 12_345..<250_001, 7..<7]
                as [Range<Int64>]
            {
                let part = Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
                #expect(try await test.store.read(location, range: range) == part, "\(range)")
            }
            await #expect(throws: StoreError.self) { try await test.store.read(location, range: 299_999..<300_001) }
        }
    }

    @Test(arguments: Driver.allCases)
    func missesWhatIsNotThere(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            _ = try await test.put([1])
            let location = test.absent()
            await #expect(throws: StoreError.notFound) { try await test.store.open(location, range: nil) }
            await #expect(throws: StoreError.notFound) { try await test.store.open(location, range: 0..<1) }
            await #expect(throws: StoreError.notFound) { try await test.store.size(of: location) }
            if !test.store.isReadOnly {
                await #expect(throws: StoreError.notFound) { try await test.store.delete(location) }
            }
        }
    }

    @Test(arguments: Driver.allCases)
    func refusesLocationsOfOtherDrivers(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            for url in ["", "rbd://a/b/c/d", "swift+https://user:secret@host/c/o", "http//x", "file", "://"]
            where !test.store.schemes.contains(where: { url.hasPrefix($0 + "://") }) {
                let error = await #expect(throws: StoreError.self) {
                    try await test.store.open(ImageLocation(url: url), range: nil)
                }
                guard case .badLocation(let text) = error else {
                    Issue.record("\(url): \(String(describing: error))")
                    continue
                }
                #expect(!text.contains("secret"))
            }
        }
    }

    @Test(arguments: Driver.allCases)
    func knowsWhatItIs(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let location = try await test.put([1, 2, 3])
            let scheme = try #require(location.url.split(separator: ":").first)
            #expect(test.store.schemes.contains(String(scheme)))
            #expect(test.store.isReadOnly == !driver.capabilities.contains(.writes))
        }
    }

    @Test(arguments: Driver.allCases.filter { !$0.capabilities.contains(.writes) })
    func readOnlyDriversRefuseChanges(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let location = try await test.put([1, 2, 3])
            await #expect(throws: StoreError.readOnly) {
                try await test.store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: nil)
            }
            await #expect(throws: StoreError.readOnly) { try await test.store.delete(location) }
            try await test.store.discard(imageID: "image", uploadID: "upload")
            #expect(try await test.store.leftovers(minimumAge: .zero) == [])
            #expect(try await test.store.read(location) == [1, 2, 3])
        }
    }

    /// A backend that is away is not one that has lost its images; when it is back nothing has to be started anew.
    @Test(arguments: Driver.with(.outages))
    func anOutageIsNoLossAndEnds(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let location = try await test.put([1, 2, 3])
            try await test.takeAway()
            for attempt in [
                { _ = try await test.store.open(location, range: nil) },
                { _ = try await test.store.size(of: location) },
            ] as [() async throws -> Void] {
                let error = await #expect(throws: StoreError.self) { try await attempt() }
                #expect(error?.isOutage == true, "\(String(describing: error))")
            }
            if driver.capabilities.contains(.writes) {
                let writing = await #expect(throws: StoreError.self) { try await test.store.add("late", [1]) }
                #expect(writing?.isOutage == true, "\(String(describing: writing))")
                let removing = await #expect(throws: StoreError.self) { try await test.store.delete(location) }
                #expect(removing?.isOutage == true, "\(String(describing: removing))")
            }
            try await test.bringBack()
            #expect(try await test.store.read(location) == [1, 2, 3])
            if driver.capabilities.contains(.writes) { try await test.store.add("late", [1]) }
        }
    }

    // MARK: Writing

    @Test(arguments: Driver.with(.writes))
    func showsNothingBeforeTheEnd(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let location = test.location("image")
            let writer = try await test.store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 70_000)
            try await writer.write(pieces: Noise.bytes(70_000, seed: 2))
            await #expect(throws: StoreError.notFound) { try await test.store.open(location, range: nil) }
            await #expect(throws: StoreError.notFound) { try await test.store.size(of: location) }
            let stored = try await writer.commit()
            if !driver.capabilities.contains(.unnamed) { #expect(stored == location) }
            #expect(try await test.store.read(stored) == Noise.bytes(70_000, seed: 2))
        }
    }

    @Test(arguments: Driver.with(.writes))
    func removesData(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let kept = try await test.put([1])
            let location = try await test.put([2])
            try await test.store.delete(location)
            await #expect(throws: StoreError.notFound) { try await test.store.open(location, range: nil) }
            await #expect(throws: StoreError.notFound) { try await test.store.delete(location) }
            #expect(try await test.store.read(kept) == [1])
            #expect(try await test.contents().count == 1)
        }
    }

    @Test(arguments: Driver.with(.writes))
    func neverReplacesData(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let late = try await test.store.makeWriter(imageID: "image", uploadID: "late", expectedSize: nil)
            try await late.write(pieces: [9, 9])
            let location = try await test.store.add("image", [1])
            await #expect(throws: StoreError.duplicate) {
                try await test.store.makeWriter(imageID: "image", uploadID: "later", expectedSize: nil)
            }
            await #expect(throws: StoreError.duplicate) { try await late.commit() }
            await late.cancel()
            #expect(try await test.store.read(location) == [1])
            #expect(try await test.contents().count == 1)
        }
    }

    @Test(arguments: Driver.with(.writes), [0, 1, 20_000_000])
    func cancelLeavesNothing(_ driver: Driver, _ size: Int) async throws {
        try await TestStore.with(driver) { test async throws in
            let writer = try await test.store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: nil)
            try await writer.write(pieces: Noise.bytes(size, seed: 3))
            await writer.cancel()
            #expect(try await test.contents() == [])
            await #expect(throws: StoreError.self) { try await writer.write([ByteBuffer(string: "more")]) }
            await #expect(throws: StoreError.self) { try await writer.commit() }
            await writer.cancel()
            #expect(try await test.contents() == [])
        }
    }

    @Test(arguments: Driver.with(.writes))
    func worksInACancelledTask(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let given = try await test.store.makeWriter(imageID: "given", uploadID: "upload", expectedSize: nil)
            let taken = try await test.store.makeWriter(imageID: "taken", uploadID: "upload", expectedSize: nil)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await given.write(pieces: [1, 2, 3])
                await taken.cancel()
                return try await given.commit()
            }
            let location = try await task.value
            await given.cancel()
            try await test.store.settle(StoreUpload(imageID: "given", uploadID: "upload"))
            #expect(try await test.store.read(location) == [1, 2, 3])
            #expect(try await test.contents().count == 1)
        }
    }

    /// The other half of what a killed process may leave; the first half, with a process that is really killed, is in
    /// `AbandonedFileTests`.
    @Test(arguments: Driver.with(.writes))
    func discardsWhatAnUploadLeft(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let kept = try await test.put([1])
            let writer = try await test.store.makeWriter(imageID: "image", uploadID: "first", expectedSize: nil)
            try await writer.write(pieces: [1, 2, 3])
            try await test.store.discard(imageID: "image", uploadID: "other")
            #expect(try await test.contents().count == 2)
            try await test.store.discard(imageID: "image", uploadID: "first")
            await #expect(throws: StoreError.self) { try await writer.commit() }
            // What it still had on the way when its upload was discarded goes with it.
            await writer.cancel()
            #expect(try await test.contents().count == 1)

            // Complete, but the process died before it could record the location.
            try await test.store.publish("image", [4], uploadID: "second")
            try await test.store.discard(imageID: "image", uploadID: "second")
            try await test.store.discard(imageID: "image", uploadID: "second")
            #expect(try await test.contents().count == 1)
            #expect(try await test.store.read(kept) == [1])
            let location = try await test.store.add("image", [5])
            #expect(try await test.store.read(location) == [5])
        }
    }

    /// Who was held for long discards its own upload and no other, wherever it was held.
    @Test(arguments: Driver.with(.writes))
    func neverDiscardsWhatAnotherUploadWrote(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            // Held before its end; meanwhile another process discards its upload, and somebody uploads again.
            let held = try await test.store.makeWriter(imageID: "image", uploadID: "held", expectedSize: nil)
            try await held.write(pieces: [1, 2, 3])
            try await test.store.discard(imageID: "image", uploadID: "held")
            let location = try await test.store.publish("image", [4, 5], uploadID: "new")
            await #expect(throws: StoreError.self) { try await held.commit() }
            await held.cancel()
            try await test.store.discard(imageID: "image", uploadID: "held")
            #expect(try await test.store.read(location) == [4, 5])

            // Held after its end was recorded; nothing tells its data from others' any more.
            try await test.store.settle(StoreUpload(imageID: "image", uploadID: "new"))
            try await test.store.discard(imageID: "image", uploadID: "new")
            #expect(try await test.store.read(location) == [4, 5])
            #expect(try await test.contents().count == 1)
        }
    }

    /// Complete, held before its end could be recorded, and discarded by somebody else.
    @Test(arguments: Driver.with(.writes))
    func discardsACompleteUploadOnce(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            try await test.store.publish("image", [1], uploadID: "held")
            try await test.store.discard(imageID: "image", uploadID: "held")
            let location = try await test.store.publish("image", [2], uploadID: "new")
            try await test.store.discard(imageID: "image", uploadID: "held")
            #expect(try await test.store.read(location) == [2])
        }
    }

    @Test(arguments: Driver.with(.writes))
    func removesNothingAfterTheDeadline(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let late = StoreContext(deadline: .now)
            let location = try await test.store.publish("image", [1], uploadID: "upload")
            let upload = StoreUpload(imageID: "image", uploadID: "upload")
            await #expect(throws: StoreError.tooLate) { try await test.store.discard(upload, context: late) }
            await #expect(throws: StoreError.tooLate) { try await test.store.delete(location, context: late) }
            #expect(try await test.store.read(location) == [1])
            try await test.store.discard(upload, context: StoreContext(deadline: .now + .seconds(3600)))
            #expect(try await test.contents() == [])
        }
    }

    /// What Python Glance leaves when it dies in mid-upload has the final name and no other.
    @Test(arguments: Driver.with(.writes))
    func discardsForeignDataOnly(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let ours = try await test.store.publish("ours", [1], uploadID: "upload")
            let foreign = try await test.store.add("foreign", [2])
            for image in ["ours", "foreign", "absent"] {
                try await test.store.discardForeign(imageID: image, minimumAge: .seconds(3600), context: .service)
            }
            #expect(try await test.store.read(foreign) == [2])
            for image in ["ours", "foreign", "absent"] {
                try await test.store.discardForeign(imageID: image, minimumAge: .zero, context: .service)
            }
            #expect(try await test.store.read(ours) == [1])
            await #expect(throws: StoreError.notFound) { try await test.store.open(foreign, range: nil) }
        }
    }

    @Test(arguments: Driver.with(.writes))
    func writesSideBySide(_ driver: Driver) async throws {
        try await TestStore.with(driver) { test async throws in
            let seeds = 0..<(driver.capabilities.contains(.slow) ? 6 : 24) as Range<UInt64>
            try await withThrowingTaskGroup(of: Void.self) { group in
                for seed in seeds {
                    group.addTask {
                        let bytes = Noise.bytes(400_000 + Int(seed), seed: seed)
                        let location = try await test.store.add("image-\(seed)", bytes)
                        #expect(try await test.store.read(location) == bytes)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await Set(test.contents()) == Set(seeds.map { "image-\($0)" }))
        }
    }

    @Test(
        arguments: Driver.with(.writes), ["", "..", "a/b", ".hidden", "with\0nul", String(repeating: "x", count: 200)])
    func refusesIDsThatAreNoNames(_ driver: Driver, _ id: String) async throws {
        try await TestStore.with(driver) { test async throws in
            await #expect(throws: StoreError.self) {
                try await test.store.makeWriter(imageID: id, uploadID: "upload", expectedSize: nil)
            }
            await #expect(throws: StoreError.self) { try await test.store.discard(imageID: "image", uploadID: id) }
            #expect(try await test.contents() == [])
        }
    }
}
