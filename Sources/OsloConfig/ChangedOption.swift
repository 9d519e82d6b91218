/// An option whose default is another one than in Zed, so that a configuration that leaves it out changes its meaning.
struct ChangedOption {
    let declaration: OptionDeclaration
    /// The default in Zed.
    let before: String
    /// What the change does, and for whom.
    let meaning: String

    private init<Value>(_ option: Option<Value>, before: String, meaning: String) {
        declaration = option.declaration
        self.before = before
        self.meaning = meaning
    }

    /// Only options that this release acts on. Source: the release notes of oslo.policy and keystonemiddleware.
    static let all = [
        ChangedOption(
            Options.OsloPolicy.enforceNewDefaults, before: "false",
            meaning:
                "the policy rules of today hold without the looser ones of old: users need the role member or reader"),
        ChangedOption(
            Options.KeystoneAuthtoken.serviceTokenRolesRequired, before: "false",
            meaning: "a service token counts only with one of service_token_roles"),
    ]

    /// One line for the operator.
    var text: String {
        "[\(declaration.group)] \(declaration.name) is not set; its default is \(declaration.defaultText ?? "unset") now, and"
            + " was \(before) in Zed: \(meaning)"
    }
}
