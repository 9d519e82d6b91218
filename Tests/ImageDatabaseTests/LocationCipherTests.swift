import Foundation
import ImageModel
import Testing

@testable import ImageDatabase

struct LocationCipherTests {
    private static let url = "file:///var/lib/glance/images/ü"

    /// Written by Glance 33.
    @Test(arguments: [
        (
            "0123456789abcdef",
            "aCzZrSTfG24jQA_nzJdrHmk6Gdj8pyVv05PqbgAfrX6HhZuQHjTR8p2AM-8jF1ltUJLioagyqmsywbcm38TQFg=="
        ),
        (
            "0123456789abcdef01234567",
            "7eKVYU98RafNmtSb60VAQP11CZHa8ootpCQX3SnBpTrkGSPDIaLvmluUfx6i_NYnNgu8t09_m_T2GpfOsAePxQ=="
        ),
        (
            "0123456789abcdef0123456789abcdef",
            "D2itEO8LqhF1Kb1JTBOl_yZKsdv9TgpCxRdG8VZ_AYD7Te54V3fnW16qyELzgG_Jj_KKcl6pmI7aNPIVG8ahiA=="
        ),
    ])
    func readsWhatGlanceHasEncrypted(key: String, value: String) throws {
        let cipher = try #require(LocationCipher(key: key))
        #expect(cipher.open(value) == Self.url)
        #expect(cipher.open(cipher.seal(Self.url)) == Self.url)
    }

    @Test func aTextThatIsNotEncryptedIsItself() throws {
        let cipher = try #require(LocationCipher(key: "0123456789abcdef"))
        let other = try #require(LocationCipher(key: "fedcba9876543210"))
        for value in ["", "x", "AAAA", "file:///a", Self.url, String(repeating: "A", count: 64)] {
            #expect(cipher.open(value) == value)
            #expect(cipher.open(cipher.seal(value)) == value)
        }
        for length in 0..<40 {
            let url = "https://" + String(repeating: "é", count: length)
            #expect(other.open(cipher.seal(url)) != url)
            #expect(cipher.open(cipher.seal(url)) == url)
        }
    }

    @Test(arguments: ["", "0123456789abcde", "0123456789abcdef0", String(repeating: "ü", count: 16) + "x"])
    func aKeyOfAnotherLengthIsNone(key: String) {
        #expect(LocationCipher(key: key) == nil)
    }

    @Test(arguments: Backend.allCases)
    func noURLStandsInTheDatabase(backend: Backend) async throws {
        try await backend.withURL { url in
            let plain = try backend.open(url)
            var options = DatabaseOptions()
            options.locationCipher = LocationCipher(key: "0123456789abcdef")
            let database = try backend.open(url, options)
            try await withClosing(plain) {
                try await withClosing(database) {
                    _ = try await SchemaMigrator(database).upgrade(to: "heads")
                    func insert(_ database: ImageDatabase, _ urls: String...) async throws -> Image {
                        let id = UUID().uuidString.lowercased()
                        try await database.images.insert(
                            Image(id: id, status: .active, locations: urls.map { ImageLocation(url: $0) }))
                        return try #require(try await database.images.find(id))
                    }
                    let one = try await insert(database, "file:///one", "file:///both")
                    let older = try await insert(plain, "file:///both", "file:///older")
                    #expect(one.locations.map(\.url) == ["file:///one", "file:///both"])
                    #expect(
                        try await database.images.find(older.id)?.locations.map(\.url) == [
                            "file:///both", "file:///older",
                        ])
                    let rows = try #require(try await plain.images.find(one.id))
                    #expect(rows.locations.allSatisfy { !$0.url.contains("file") })

                    // Equal URLs are found, encrypted or not.
                    let removed = try await database.images.delete(one.id, to: .deleted, from: [.active])
                    #expect(removed.map(\.url) == ["file:///one", "file:///both"])
                    #expect(try await !database.locations.giveUpShared(removed[0]))
                    #expect(try await database.locations.giveUpShared(removed[1]))
                    let waiting = try await database.locations.awaitingDeletion(
                        since: .now.advanced(bySeconds: 60), limit: 9)
                    #expect(waiting.map(\.location.url) == ["file:///one"])

                    let another = try await insert(database, "file:///one")
                    #expect(try await database.locations.giveUpShared(removed[0]), "a live image has it now")
                    var changed = another
                    changed.locations[0].url = "file:///two"
                    _ = try await database.images.update(from: another, to: changed)
                    #expect(try await database.images.find(another.id)?.locations == changed.locations)
                    #expect(try await plain.images.find(another.id)?.locations.first?.url.contains("file") == false)
                }
            }
        }
    }
}
