import ImageStore
import NIOCore

/// The bytes of a volume that is attached and open. Each kind of volume is one type.
protocol VolumeContent: Sendable {
    /// Whether the volume may become larger while it is attached, if `cinder_do_extend_attached` says so.
    var growsAttached: Bool { get }
    /// How often bytes are in memory while they are written: 2 where a library makes its own copy.
    var copies: Int { get }
    func read(
        at offset: Int64, count: Int, allocate: @escaping IncomingPieces.Allocation
    ) async throws(StoreError) -> ByteBuffer
    func write(_ bytes: ByteBuffer, at offset: Int64) async throws(StoreError)
    /// What was written survives a power cut.
    func flush() async throws(StoreError)
    func close() async
}
