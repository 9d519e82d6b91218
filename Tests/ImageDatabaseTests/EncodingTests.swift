import Foundation
import ImageModel
import Testing
import TextCoding

@testable import ImageDatabase

/// Values that a database refuses, and databases that refuse too much.
@Suite struct EncodingTests {
    private static let databases: [Backend] = [.postgreSQL, .postgreSQLWithoutPipelining]

    @Test(arguments: databases) func aValueThatDoesNotFitIsTheClients(backend: Backend) async throws {
        try await backend.withDatabase { database in
            await #expect(throws: DatabaseError.invalidValue(.tooLong)) {
                try await database.images.insert(Image(id: newID(), name: String(repeating: "n", count: 256)))
            }
            await #expect(throws: DatabaseError.invalidValue(.outOfRange)) {
                try await database.images.insert(Image(id: newID(), minRAM: .max))
            }
            await #expect(throws: DatabaseError.invalidValue(.characters)) {
                try await database.images.insert(Image(id: newID(), name: "a\0b"))
            }
            try await database.images.insert(Image(id: newID(), name: String(repeating: "ü", count: 255)))
        }
    }

    @Test func aDatabaseWithoutUnicodeMeasuresBytesAndIsTold() async throws {
        let server = try await PostgresServer.shared()
        let administration = try Backend.postgreSQL.open(server.url + "/postgres")
        let name = "test_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        try await withClosing(administration) {
            #expect(try await SchemaMigrator(administration).unsuitableEncoding() == nil)
            try await administration.session.write([
                Statement("CREATE DATABASE \(name) ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
            ])
            let database = try Backend.postgreSQL.open(server.url + "/" + name)
            try await withClosing(database) {
                let migrator = SchemaMigrator(database)
                _ = try await migrator.upgrade(to: "heads")
                #expect(try await migrator.unsuitableEncoding() == "SQL_ASCII")
                await #expect(throws: DatabaseError.invalidValue(.tooLong)) {
                    try await database.images.insert(Image(id: newID(), name: String(repeating: "ü", count: 255)))
                }
                try await database.images.insert(Image(id: "a", name: String(repeating: "ü", count: 127)))
                #expect(try await database.images.find("a")?.name?.count == 127)
            }
            try await administration.session.write([Statement("DROP DATABASE \(name) WITH (FORCE)")])
        }
    }

    @Test func sqliteAlwaysKeepsUnicode() async throws {
        try await Backend.sqlite.withDatabase { database in
            let encoding = try await SchemaMigrator(database).unsuitableEncoding()
            #expect(encoding == nil)
        }
    }
}
