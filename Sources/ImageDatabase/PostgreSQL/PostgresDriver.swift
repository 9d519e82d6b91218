import Logging

/// PostgreSQL by libpq. All connections are served by one thread; tasks hand their transactions to it and wait for
/// nothing but the answer.
final class PostgresDriver: SQLDriver {
    let dialect: any SQLDialect = PostgresDialect()
    let mailbox: PostgresMailbox

    /// - Parameters:
    ///   - pipelining: whether to use libpq's pipeline mode where there is one.
    ///   - patience: nanoseconds for which lookups wait for the end of a statement with others.
    ///   - turns: of the loop on which lookups are asked for.
    init(
        _ parameters: [DatabaseURL.Parameter], options: DatabaseOptions, pipelining: Bool = true,
        patience: Int64 = 10_000_000, turns: LookupTurns? = nil, logger: Logger
    ) throws(DatabaseError) {
        let mailbox = try PostgresMailbox(turns: turns)
        self.mailbox = mailbox
        let connector = try PostgresConnector(parameters, options: options, logger: logger)
        let poller = try Poller()
        try SystemThread.start("db-reactor") {
            PostgresReactor(mailbox, connector, poller, options, pipelining: pipelining, patience: patience).run()
        }
    }

    deinit { mailbox.post(.shutDown(nil)) }

    func attempt(_ statements: [Statement], _ access: SQLAccess) async -> Result<[Rows], StatementFailure> {
        var encoded: [PostgresStatement] = []
        encoded.reserveCapacity(statements.count)
        do throws(DatabaseError) {
            for statement in statements { encoded.append(try PostgresStatement(statement)) }
        } catch {
            return .failure(StatementFailure(error))
        }
        return await withCheckedContinuation { continuation in
            mailbox.post(.run(PostgresJob(encoded, access, continuation)))
        }
    }

    func attempt(_ lookup: Lookup) async -> Result<Rows, StatementFailure> {
        guard lookup.isPlain, lookup.statements.many != nil else {
            return await attempt([lookup.statement], .read).map { $0[0] }
        }
        return await withCheckedContinuation { continuation in
            mailbox.post(
                PostgresLookup(statements: lookup.statements, key: lookup.key, continuation: continuation))
        }
    }

    func close() async {
        await withCheckedContinuation { mailbox.post(.shutDown($0)) }
    }
}
