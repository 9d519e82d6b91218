public import Logging

/// The Glance database of one process: a pool of connections, and a facet for each kind of record with its queries.
///
/// All methods can be called from any task; none blocks the caller's thread. Every method throws ``DatabaseError``.
/// SQL stands once, in a form that every driver takes; only drivers and dialects know PostgreSQL or SQLite.
public final class ImageDatabase: Sendable {
    let session: DatabaseSession

    public let images: ImagesFacet
    public let properties: PropertiesFacet
    public let tags: TagsFacet
    public let members: MembersFacet
    public let locations: LocationsFacet
    public let uploads: UploadsFacet
    public let scrubs: ScrubsFacet
    public let tasks: TasksFacet
    public let imports: ImportsFacet
    public let limits: LimitsFacet
    public let metadefs: MetadefsFacet
    public let cachedImages: CachedImagesFacet

    /// Opens the pool. No connection is made before the first query.
    ///
    /// - Parameters:
    ///   - url: SQLAlchemy URL: `postgresql://`, `postgresql+psycopg2://`, `sqlite:////absolute/path`.
    ///   - turns: of the event loop that runs nearly all who ask for images, if there is one.
    /// - Throws: ``DatabaseError/unsupportedURL(_:)``; the message never holds the password.
    ///   ``DatabaseError/unavailable(_:)`` when the system has no thread or descriptor left.
    public convenience init(
        url: String, options: DatabaseOptions = DatabaseOptions(), turns: LookupTurns? = nil, logger: Logger
    ) throws(DatabaseError) {
        let driver: any SQLDriver =
            switch try DatabaseURL(url, extra: options.connectionParameters) {
            case .postgreSQL(let parameters):
                try PostgresDriver(parameters, options: options, turns: turns, logger: logger)
            case .sqlite(let path): try SQLiteDriver(path: path, options: options)
            }
        self.init(driver: driver, policy: RetryPolicy(options), locationCipher: options.locationCipher, logger: logger)
    }

    /// The file that a URL of an SQLite database names, nil for any other URL.
    public static func file(ofURL url: String) -> String? {
        guard case .sqlite(let path)? = try? DatabaseURL(url) else { return nil }
        return path
    }

    init(driver: any SQLDriver, policy: RetryPolicy, locationCipher: LocationCipher? = nil, logger: Logger) {
        session = DatabaseSession(driver: driver, policy: policy, locationCipher: locationCipher, logger: logger)
        images = ImagesFacet(session: session)
        properties = PropertiesFacet(session: session)
        tags = TagsFacet(session: session)
        members = MembersFacet(session: session)
        locations = LocationsFacet(session: session)
        uploads = UploadsFacet(session: session)
        scrubs = ScrubsFacet(session: session)
        tasks = TasksFacet(session: session)
        imports = ImportsFacet(session: session)
        limits = LimitsFacet(session: session)
        metadefs = MetadefsFacet(session: session)
        cachedImages = CachedImagesFacet(session: session)
    }

    /// Waits for running queries and closes all connections.
    public func close() async { await session.close() }
}
