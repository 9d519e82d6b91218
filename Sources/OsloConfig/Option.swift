/// One declared option: the only place that knows its name, type, default and meaning.
public struct Option<Value: OptionValue>: Sendable {
    public let `default`: Value
    public let declaration: OptionDeclaration

    public var group: String { declaration.group }
    public var name: String { declaration.name }

    /// Declares an option. `type` and `choices` narrow what ``OptionValue/optionType`` of the value would allow.
    init(
        _ status: OptionStatus, _ group: String, _ name: String, default: Value, type: OptionType = Value.optionType,
        choices: [String] = [], minimum: Int? = nil, maximum: Int? = nil, oldNames: [String] = [],
        secret: Bool = false, mutable: Bool = false, deprecated: String? = nil, help: String
    ) {
        self.default = `default`
        declaration = OptionDeclaration(
            group: group, name: name, type: type, status: status, help: help, defaultText: `default`.text,
            choices: choices, minimum: minimum, maximum: maximum, oldNames: oldNames, isSecret: secret,
            isMutable: mutable, deprecation: deprecated, key: OptionKey(group: group, name: name))
    }
}
