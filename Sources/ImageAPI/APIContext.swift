import Authorization
public import HTTPServer
public import Hummingbird
import Logging
import NIOCore

/// What the stages of the pipeline have found out about a request, handed to its handler.
public struct APIContext: InitializableFromRequestSource {
    public var coreContext: CoreRequestContextStorage
    /// Address of the client, or of the proxy in front of us.
    let remoteAddress: SocketAddress?
    /// When the request came.
    let arrival: ContinuousClock.Instant
    /// Who asks. Set by the context stage; until then an anonymous caller without any right.
    var caller: Caller
    /// `scheme://host/script_name` of this request as the client sees it, without a slash at the end. `public_endpoint` wins
    /// where it is set. For absolute links (`Location`, version list).
    var baseURL = ""
    /// The request id that the client sent.
    var inboundRequestID = RequestIDPolicy.Inbound.absent
    /// What the token stage found out, for the context stage.
    var authentication = Authentication.none
    /// Values of the placeholders of the route's path template.
    var pathParameters = PathParameters()
    /// What the access log wants to know and only the inner stages find out.
    let record = RequestRecord()

    public init(source: HTTPRequestSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.remoteAddress
        arrival = source.arrival
        caller = .anonymous
    }
}
