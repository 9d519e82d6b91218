/// Metadata keys that describe the request a line belongs to: the fields of oslo.context that formats can name.
public enum LogContext {
    /// A line with a request id is written in `logging_context_format_string`.
    public static let requestID = "request_id"
    public static let globalRequestID = "global_request_id"
    public static let user = "user"
    public static let userID = "user_id"
    public static let userName = "user_name"
    public static let userDomain = "user_domain"
    public static let project = "project"
    public static let projectID = "project_id"
    public static let projectName = "project_name"
    public static let projectDomain = "project_domain"
    public static let domain = "domain"
    public static let systemScope = "system_scope"
    public static let resource = "resource"

    /// All of them; other metadata belongs to the message.
    static let keys: Set<String> = [
        requestID, globalRequestID, user, userID, userName, userDomain, project, projectID, projectName, projectDomain,
        domain, systemScope, resource,
    ]
}
