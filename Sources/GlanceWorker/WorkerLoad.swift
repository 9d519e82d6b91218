/// What a worker has done and is doing.
public struct WorkerLoad: Sendable, Equatable {
    /// Requests that were answered so far.
    public var requests: Int
    /// Requests that are being answered.
    public var activeRequests: Int
    /// Uploads and downloads among them.
    public var transfers: Int
    /// Open connections.
    public var connections: Int
}
