/// Why a response could not be sent as its handler meant it. The connection is closed: the client must see the break.
enum ResponseError: Error {
    /// The body ended before its Content-Length, or its writer never finished it.
    case bodyTooShort
    /// The body goes on beyond its Content-Length.
    case bodyTooLong
    /// The client went away, or the connection was cut by a timeout or the end of a drain.
    case connectionClosed
}
