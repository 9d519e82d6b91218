import Authorization
import Events
import Logging

extension ImageService {
    /// ``ServiceContext/log(_:level:_:image:for:error:_:file:function:line:)``
    func log(
        _ event: Event, level: Logger.Level = .info, _ message: Logger.Message, image id: String, for caller: Caller?,
        error: (any Error)? = nil, _ facts: @autoclosure () -> Logger.Metadata = [:], file: String = #fileID,
        function: String = #function, line: UInt = #line
    ) {
        common.log(
            event, level: level, message, image: id, for: caller, error: error, facts(), file: file,
            function: function, line: line)
    }
}
