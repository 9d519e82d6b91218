/// A table of the schema, written down once and rendered for each database.
struct TableDefinition: Sendable {
    struct Column: Sendable {
        var name: String
        var type: ColumnType
        var isNullable: Bool
        var defaultValue: DefaultValue?

        /// A column that must have a value.
        static func required(_ name: String, _ type: ColumnType, default value: DefaultValue? = nil) -> Column {
            Column(name: name, type: type, isNullable: false, defaultValue: value)
        }

        static func optional(_ name: String, _ type: ColumnType) -> Column {
            Column(name: name, type: type, isNullable: true)
        }
    }

    enum DefaultValue: Sendable {
        case text(String)
        case no
    }

    struct ForeignKey: Sendable {
        var column: String
        var table: String
        var target: String

        init(_ column: String, _ table: String, _ target: String = "id") {
            self.column = column
            self.table = table
            self.target = target
        }
    }

    struct Index: Sendable {
        var name: String
        var columns: [String]

        init(_ name: String, _ columns: String...) {
            self.name = name
            self.columns = columns
        }
    }

    var name: String
    var columns: [Column]
    var primaryKey: [String] = ["id"]
    var foreignKeys: [ForeignKey] = []
    /// Named UNIQUE constraints.
    var uniques: [Index] = []
    var indexes: [Index] = []

    /// CREATE TABLE and CREATE INDEX. What a database keeps of the text is what SQLAlchemy would have
    /// written.
    func statements(_ dialect: any SchemaDialect) -> [String] {
        var lines = columns.map { $0.definition(dialect) }
        lines.append("PRIMARY KEY (\(primaryKey.joined(separator: ", ")))")
        lines += foreignKeys.map { "FOREIGN KEY(\($0.column)) REFERENCES \($0.table) (\($0.target))" }
        lines += uniques.map { "CONSTRAINT \($0.name) UNIQUE (\($0.columns.joined(separator: ", ")))" }
        lines += columns.filter { $0.type == .boolean }.compactMap { dialect.booleanCheck($0.name) }
        let table = "CREATE TABLE \(name) (\n\t\(lines.joined(separator: ", \n\t"))\n)"
        return [table] + indexes.map { $0.statement(on: name) }
    }
}

extension TableDefinition.Column {
    func definition(_ dialect: any SchemaDialect) -> String {
        var text = "\(name) \(dialect.name(of: type))"
        switch defaultValue {
        case .text(let value): text += " DEFAULT '\(value)'"
        case .no: text += " DEFAULT \(dialect.literal(false))"
        case nil: break
        }
        return isNullable ? text : text + " NOT NULL"
    }
}

extension TableDefinition.Index {
    func statement(on table: String) -> String {
        "CREATE INDEX \(name) ON \(table) (\(columns.joined(separator: ", ")))"
    }
}

/// The column types of Glance's schema.
enum ColumnType: Sendable, Equatable {
    case string(Int)
    case text
    case integer
    case bigInteger
    /// Refers to a ``bigSerial``.
    case reference
    /// Sizes in `images`.
    case size
    case boolean
    /// Naive UTC with microseconds.
    case dateTime
    case numeric
    /// The enumeration `image_visibility`.
    case visibility
    /// A number that the database counts up.
    case serial
    case bigSerial
}
