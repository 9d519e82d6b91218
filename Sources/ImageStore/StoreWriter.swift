public import ImageModel
public import NIOCore

/// One image on its way into a store. Used by one task at a time.
///
/// Ends with ``commit()`` or ``cancel()``; both work in a task that has been cancelled.
public protocol StoreWriter: AnyObject, Sendable {
    /// Appends the bytes of all buffers in order. Returns when the driver can take more.
    func write(_ buffers: [ByteBuffer]) async throws(StoreError)
    /// Makes everything durable and then visible under the final name. After it returns the data survive a power cut.
    ///
    /// - Throws: ``StoreError/duplicate`` when the final name was taken meanwhile.
    func commit() async throws(StoreError) -> ImageLocation
    /// Gives up and leaves nothing behind. May be called after a failed ``commit()``; does nothing after a successful one.
    func cancel() async
}

extension StoreWriter {
    /// Appends bytes. Returns when the driver can take more.
    public func write(_ bytes: ByteBuffer) async throws(StoreError) {
        try await write([bytes])
    }
}
