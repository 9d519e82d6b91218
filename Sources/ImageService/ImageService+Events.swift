import Events
import ImageModel
import Logging

extension ImageService {
    /// Writes into the log what has happened to an image, with the request that wanted it.
    ///
    /// - Parameter facts: metadata besides image, request, user and project.
    func log(
        _ event: Event, level: Logger.Level = .info, _ message: Logger.Message, image id: String, for caller: Caller?,
        error: (any Error)? = nil, _ facts: @autoclosure () -> Logger.Metadata = [:], file: String = #fileID,
        function: String = #function, line: UInt = #line
    ) {
        guard logger.logLevel <= level else { return }
        var metadata = facts()
        metadata["image_id"] = .string(id)
        if let error { metadata["error"] = .string("\(error)") }
        if let caller {
            if !caller.requestID.isEmpty { metadata["request_id"] = .string(caller.requestID) }
            if let user = caller.identity?.userID { metadata["user_id"] = .string(user) }
            if let project = caller.project { metadata["project_id"] = .string(project) }
        }
        logger.log(event, level: level, message, metadata: metadata, file: file, function: function, line: line)
    }
}
