public import ImageModel
public import NIOCore

/// One image on its way into a store. Used by one task at a time.
///
/// Ends with ``commit()`` or ``cancel()``; both work in a task that has been cancelled.
public protocol StoreWriter: AnyObject, Sendable {
    /// Appends the bytes of all buffers in order. Returns when the driver can take more.
    func write(_ buffers: [ByteBuffer]) async throws(StoreError)
    /// Takes all data of an image from a location of a store, instead of ``write(_:)``, where both are in one storage system. What
    /// follows is as ever: ``commit()`` makes them visible, and until then nothing is.
    ///
    /// - Parameters:
    ///   - store: the location's.
    ///   - progress: told how many bytes more have been copied.
    /// - Returns: bytes copied, fewer than there are when the task was cancelled meanwhile; nil when this cannot be done, and nothing
    ///   has happened.
    func copy(
        _ location: ImageLocation, of store: any Store, progress: @escaping @Sendable (Int) -> Void
    ) async throws(StoreError) -> Int64?
    /// Makes everything durable and then visible under the final name. After it returns the data survive a power cut.
    ///
    /// - Throws: ``StoreError/duplicate`` when the final name was taken meanwhile.
    func commit() async throws(StoreError) -> ImageLocation
    /// Gives up and leaves nothing behind. May be called after a failed ``commit()``; does nothing after a successful one.
    func cancel() async
}

extension StoreWriter {
    public func copy(
        _ location: ImageLocation, of store: any Store, progress: @escaping @Sendable (Int) -> Void
    ) async throws(StoreError) -> Int64? {
        nil
    }

    /// Appends bytes. Returns when the driver can take more.
    public func write(_ bytes: ByteBuffer) async throws(StoreError) {
        try await write([bytes])
    }
}
