package import NIOCore

/// Looks at an image's bytes while they are uploaded: finds the format, the virtual size, and what is not safe to boot.
///
/// Used by one thread at a time, never an event loop's.
package protocol ContentInspector: AnyObject, Sendable {
    /// Takes the next bytes.
    ///
    /// - Throws: ``ServiceError/unsupportedMediaType(_:)`` as soon as the data are to be refused.
    func consume(_ bytes: ByteBuffer) throws(ServiceError)

    /// Called once, after the last byte.
    ///
    /// - Parameter size: bytes of the image.
    /// - Returns: bytes of the disk that the data describe; nil if unknown.
    /// - Throws: ``ServiceError/unsupportedMediaType(_:)`` when the data are to be refused.
    func finish(size: Int64) throws(ServiceError) -> Int64?
}
