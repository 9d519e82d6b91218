import Testing

@testable import ImageDatabase

@Suite struct DatabaseURLTests {
    @Test(arguments: [
        ("postgresql://u:p@h:5/d", "user=u password=p host=h port=5 dbname=d"),
        ("postgresql+psycopg2://u@h/d", "user=u host=h dbname=d"),
        ("postgres://h", "host=h"),
        ("postgresql:///d", "dbname=d"),
        ("postgresql://u:p%40%3A%2F%25x@h/d", "user=u password=p@:/%x host=h dbname=d"),
        ("postgresql://u:a@b@h/d", "user=u password=a@b host=h dbname=d"),
        ("postgresql://[::1]:5/d", "host=::1 port=5 dbname=d"),
        ("postgresql://a:1,b:2/d", "host=a,b port=1,2 dbname=d"),
        ("postgresql://u@/d?host=a:1&host=b:2", "user=u host=a,b port=1,2 dbname=d"),
        ("postgresql://u@/d?host=/run/pg&port=6", "user=u host=/run/pg port=6 dbname=d"),
        (
            "postgresql://h/d?sslmode=require&application_name=a+b",
            "host=h dbname=d sslmode=require application_name=a b"
        ),
    ])
    func urlsOfSQLAlchemy(url: String, parameters: String) throws {
        guard case .postgreSQL(let list) = try DatabaseURL(url) else {
            Issue.record("not PostgreSQL")
            return
        }
        #expect(list.map { "\($0.keyword)=\($0.value)" }.joined(separator: " ") == parameters)
    }

    @Test func sqlitePaths() throws {
        #expect(try DatabaseURL("sqlite:////var/x.sqlite") == .sqlite("/var/x.sqlite"))
        #expect(try DatabaseURL("sqlite:///x.sqlite?timeout=3") == .sqlite("x.sqlite"))
    }

    @Test func parametersOfTheConfigurationComeLast() throws {
        let url = try DatabaseURL("postgresql://h/d?sslmode=require", extra: "sslrootcert=/ca")
        guard case .postgreSQL(let list) = url else { return }
        #expect(list.last == .init(keyword: "sslrootcert", value: "/ca"))
    }

    @Test(arguments: [
        "mysql+pymysql://u:secret@h/d", "oracle://u:secret@h/d", "u:secret@h/d", "sqlite://", "sqlite:///",
        "sqlite:///:memory:", "postgresql://u:secret@h:port/d", "postgresql://u:secret%00@h/d",
        "postgresql://u:%ff@h/d",
    ])
    func othersAreRefusedWithoutTheirPassword(url: String) {
        #expect {
            _ = try DatabaseURL(url)
        } throws: { error in
            guard case .unsupportedURL(let text)? = error as? DatabaseError else { return false }
            return !text.contains("secret") && !text.isEmpty
        }
    }
}
