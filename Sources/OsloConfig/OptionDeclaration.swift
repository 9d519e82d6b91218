/// What is known about one option apart from the Swift type of its value.
public struct OptionDeclaration: Sendable {
    public let group: String
    public let name: String
    public let type: OptionType
    /// What setting it does in this release.
    public let status: OptionStatus
    /// One paragraph for the operator.
    public let help: String
    /// The default as it would be written in a file; nil when the option is unset by default.
    public let defaultText: String?
    /// The only values allowed; empty when any value of the type is.
    public let choices: [String]
    /// Least and greatest value of a number, greatest length of a string.
    public let minimum: Int?
    public let maximum: Int?
    /// Names that older files use: `name` in the same group or `group/name`.
    public let oldNames: [String]
    /// The value must never appear in a log or an answer.
    public let isSecret: Bool
    /// Whether a reload (SIGHUP) applies a changed value; others need a restart.
    public let isMutable: Bool
    /// Why new installations should not use the option, if so.
    public let deprecation: String?

    let key: OptionKey
}
