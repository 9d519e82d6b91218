import Logging

/// PostgreSQL by libpq. Tasks wait for nothing but the answer.
final class PostgresDriver: SQLDriver {
    let dialect = SQLDialect(name: .postgreSQL, nullsAreSmallest: false)
    private let reactor: PostgresReactor

    init(
        _ parameters: [DatabaseURL.Parameter], options: DatabaseOptions, pipelining: Bool = true, logger: Logger
    ) throws(DatabaseError) {
        reactor = try PostgresReactor(
            PostgresConnector(parameters, logger: logger), options, pipelining: pipelining)
    }

    deinit { reactor.shutDown(nil) }

    func attempt(_ statements: [Statement], _ access: SQLAccess) async -> Result<[Rows], StatementFailure> {
        var encoded: [PostgresStatement] = []
        encoded.reserveCapacity(statements.count)
        do throws(DatabaseError) {
            for statement in statements { encoded.append(try PostgresStatement(statement)) }
        } catch {
            return .failure(StatementFailure(error))
        }
        return await withCheckedContinuation { continuation in
            reactor.run(PostgresJob(statements: encoded, access: access, continuation: continuation))
        }
    }

    func close() async {
        await withCheckedContinuation { reactor.shutDown($0) }
    }
}
