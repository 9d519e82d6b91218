/// Asks a remote server: POST of target and credentials, true when it answers `True`.
///
/// `url` is complete (`http://…` or `https://…`), `rule` the name of the rule that is being decided. An error counts as
/// a refusal.
public typealias RemoteCheck =
    @Sendable (_ url: String, _ rule: String, _ target: PolicyTarget, _ credentials: PolicyCredentials) async throws ->
    Bool
