import TextCoding

/// A parameter of a statement. The case says the SQL type, also of a null.
enum SQLValue: Sendable, Equatable {
    case text(String?)
    /// A value of a column that is an enumeration on PostgreSQL.
    case enumerated(String)
    case integer(Int64?)
    case bool(Bool)
    case time(Timestamp?)

    static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }
}
