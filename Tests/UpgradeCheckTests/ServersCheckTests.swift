import Foundation
import Glibc
import Logging
import TestSupport
import Testing

@testable import ImageDatabase
@testable import UpgradeCheck

/// PostgreSQL, Keystone and memcached, there and away.
@Suite(.serialized) struct ServersCheckTests {
    @Test(.timeLimit(.minutes(5)))
    func databaseNotMigratedMigratedNewerAway() async throws {
        try await withServer("postgresql") { server in
            let url = try server.setting("POSTGRESQL_URL") + "/postgres"
            let site = try CheckedSite("[database]\nconnection = \(url)\n")
            #expect(
                await site.check().only(.database)
                    == "Failure: the database has no Glance schema; run: glance-manage db sync")

            let database = try ImageDatabase(url: url, logger: Logger(label: "test"))
            let migrator = SchemaMigrator(database)
            _ = try await migrator.expand()
            #expect(await site.check().only(.database).hasPrefix("Warning: the database is at revision "))
            _ = try await migrator.upgrade(to: "heads")
            let report = await site.check()
            #expect(
                report.only(.database).hasPrefix(
                    "Success: the database is at revision 2024_1_contract01, its own tables at version "))

            try await database.session.write([Statement("DROP INDEX glance_image_locations_value_idx")])
            #expect(
                await site.check()[.database].dropFirst() == [
                    "Warning: the index glance_image_locations_value_idx is missing, which makes removing data slow; run: "
                        + "glance-manage db sync"
                ])
            try await migrator.createOwnIndexes()

            try await database.session.write([
                Statement("CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
            ])
            let bytesURL = try server.setting("POSTGRESQL_URL") + "/bytes"
            let bytes = try ImageDatabase(url: bytesURL, logger: Logger(label: "test"))
            _ = try await SchemaMigrator(bytes).upgrade(to: "heads")
            await bytes.close()
            let other = try CheckedSite("[database]\nconnection = \(bytesURL)\n")
            let findings = await other.check()[.database]
            #expect(findings.contains { $0.hasPrefix("Warning: the database has the encoding SQL_ASCII, not UTF8") })

            try await migrator.stamp("wallaby_contract01")
            #expect(
                await site.check().only(.database)
                    == "Failure: the database is at revision wallaby_contract01, which is too old; run: glance-manage db sync"
            )
            #expect(await site.check().startStatus == .databaseNotMigrated)
            await database.close()

            try await server.stop()
            let clock = ContinuousClock.now
            let away = await site.check()
            #expect(ContinuousClock.now - clock < .seconds(10))
            #expect(away.only(.database).hasPrefix("Failure: the database cannot be reached: "))
            #expect(away.startStatus == .databaseUnavailable)
            #expect(!away.text.contains(try server.setting("PGPASSWORD")))
            try await server.start()
            #expect(await site.check().only(.database).hasPrefix("Failure: the database is at revision"))
        }
    }

    @Test func databaseSQLiteIsNotCreatedByLookingAtIt() async throws {
        let site = try CheckedSite("[database]\nconnection = sqlite:///DIR/glance.sqlite\n")
        #expect(
            await site.check().only(.database)
                == "Failure: \(site.directory)/glance.sqlite does not exist; run: glance-manage db sync")
        #expect(try site.files == ["glance-api.conf"])
    }

    @Test(arguments: [
        (
            "mysql://a:topsecretword@b/c",
            "Failure: [database] connection: mysql://: MySQL and MariaDB are not supported"
        ),
        ("", "Failure: [database] connection is not set"),
    ])
    func databaseURLsOfOtherDatabases(url: String, complaint: String) async throws {
        let site = try CheckedSite("[database]\nconnection = \(url)\n")
        let report = await site.check()
        #expect(report.only(.database).hasPrefix(complaint))
        #expect(!report.text.contains("topsecretword"))
    }

    @Test(.timeLimit(.minutes(5)))
    func keystoneAndMemcachedThereRefusingAway() async throws {
        try await withServer("keystone", ["GLANCE_URL": "http://127.0.0.1:9292"]) { server in
            try await withServer("memcached") { memcached in
                let keystone = try Keystone(server)
                let cache = try memcached.setting("MEMCACHED_SERVERS")
                let good = try site(keystone.options(memcached: cache + ",127.0.0.1:1"))
                var report = await good.check()
                #expect(
                    report.only(.keystone) == "Success: Keystone at \(keystone.url) takes the service's credentials")
                #expect(
                    report[.tokenCache] == [
                        "Success: memcached \(cache) answers",
                        "Warning: memcached 127.0.0.1:1 does not answer: Connection refused",
                    ])

                var options = keystone.options()
                options["password"] = "not-the-password"
                report = try await site(options).check()
                #expect(report.only(.keystone).contains("Keystone refuses the service's own credentials"))
                #expect(report.only(.keystone).hasPrefix("Failure: "))
                #expect(!report.text.contains("not-the-password"))
                #expect(report.only(.tokenCache).hasPrefix("Success: no memcached is used"))

                try await memcached.stop()
                try await server.stop()
                report = await good.check()
                #expect(report.only(.keystone).hasPrefix("Failure: Keystone cannot be reached at \(keystone.url)"))
                #expect(report[.tokenCache].allSatisfy { $0.hasPrefix("Warning: ") })
                #expect(!report.text.contains(keystone.password))
            }
        }
    }

    /// Without its image service nobody finds us.
    @Test(.timeLimit(.minutes(5)))
    func keystoneACatalogWithoutThisService() async throws {
        try await withServer("keystone") { server in
            let report = try await site(Keystone(server).options()).check()
            #expect(report.only(.keystone).hasPrefix("Warning: "))
            #expect(report.only(.keystone).contains("openstack service create --name glance image"))
        }
    }

    @Test func keystoneSettingsThatCannotWork() async throws {
        let site = try CheckedSite("[paste_deploy]\nflavor = keystone\n[keystone_authtoken]\nauth_type = password\n")
        #expect(await site.check().only(.keystone).hasPrefix("Failure: [keystone_authtoken] auth_url isn't set"))
    }

    /// A server that takes connections and says nothing.
    @Test func whatDoesNotAnswerIsNotWaitedFor() async throws {
        let silent = try SilentServer()
        let site = try site(
            [
                "auth_url": "http://127.0.0.1:\(silent.port)", "auth_type": "password", "username": "a",
                "password": "b",
                "project_name": "c", "user_domain_name": "Default", "project_domain_name": "Default",
                "memcached_servers": "127.0.0.1:\(silent.port)",
            ],
            database: "postgresql://a:b@127.0.0.1:\(silent.port)/c")
        let clock = ContinuousClock.now
        let report = await site.check(timeLimit: .seconds(1))
        #expect(ContinuousClock.now - clock < .seconds(5))
        for check in [CheckName.database, .keystone, .tokenCache] {
            #expect(report.only(check) == "Failure: no answer within 1 seconds", "\(check)")
        }
    }

    private func site(_ keystone: [String: String], database: String = "") throws -> CheckedSite {
        let options = keystone.map { "\($0.key) = \($0.value)\n" }.joined()
        return try CheckedSite(
            "[paste_deploy]\nflavor = keystone\n[keystone_authtoken]\n\(options)[database]\nconnection = \(database)\n")
    }
}

/// Listens, and never accepts.
private struct SilentServer: ~Copyable {
    private let descriptor: Int32
    let port: Int

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isListening else { throw TestFailure("cannot listen") }
    }

    deinit { close(descriptor) }
}
