/// A fact about a line by the name that it has in Python's and oslo.log's formats, found once for each format and not for each
/// line.
enum LogField: Sendable, Equatable {
    case asctime, isotime, msecs, created, process, processName, thread, levelName, levelNumber, name, message, function
    case path, fileName, module, line, errorSummary, nothing, resource, userIdentity, globalRequestID
    /// A fact of the request, or one that there is not.
    case identity(String)

    init(_ name: String) {
        self =
            switch name {
            case "asctime": .asctime
            case "isotime": .isotime
            case "msecs": .msecs
            case "created": .created
            case "process": .process
            case "processName": .processName
            case "thread": .thread
            case "levelname": .levelName
            case "levelno": .levelNumber
            case "name": .name
            case "message": .message
            case "funcName": .function
            case "pathname": .path
            case "filename": .fileName
            case "module": .module
            case "lineno": .line
            case "error_summary": .errorSummary
            case "instance", "color": .nothing
            case "resource": .resource
            case "user_identity": .userIdentity
            case "global_request_id": .globalRequestID
            default: .identity(name)
            }
    }
}
