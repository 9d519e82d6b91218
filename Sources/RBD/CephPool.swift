import Glibc

/// A pool of a cluster. All methods but those of ``RBDImage`` block; ``CephCluster/run(isPatient:_:)`` has threads for them.
///
/// Writes to a pool that is full fail, instead of waiting for room as is Ceph's habit.
///
/// `@unchecked`: librados lets any thread use its handles.
public final class CephPool: @unchecked Sendable {
    public let name: String
    public let cluster: CephCluster
    let handle: CephLibrary.Handle
    var library: CephLibrary { cluster.library }

    init(name: String, cluster: CephCluster, handle: CephLibrary.Handle) {
        self.name = name
        self.cluster = cluster
        self.handle = handle
        library.setFullTry(handle)
    }

    deinit { library.closePool(handle) }

    /// - Returns: the result of a call that has succeeded.
    @discardableResult
    func check(_ doing: @autoclosure () -> String, _ status: Int32) throws(RBDError) -> Int32 {
        if status == -ETIMEDOUT { throw .timeout }
        guard status >= 0 else { throw .failed(code: -status, doing: doing()) }
        return status
    }

    // MARK: Objects

    /// The first bytes of an object, `limit` at most; nil when there is no such object.
    func read(object: String, limit: Int = 4096) throws(RBDError) -> [UInt8]? {
        var buffer = [CChar](repeating: 0, count: limit)
        let length = library.readObject(handle, object, &buffer, limit, 0)
        if length == -ENOENT { return nil }
        return buffer.prefix(Int(try check("cannot read in the pool \(name)", length))).map { UInt8(bitPattern: $0) }
    }

    func hasObject(_ object: String) throws(RBDError) -> Bool {
        var size: UInt64 = 0
        var time: time_t = 0
        let status = library.statObject(handle, object, &size, &time)
        if status == -ENOENT { return false }
        try check("cannot look into the pool \(name)", status)
        return true
    }

    func write(object: String, _ bytes: [UInt8]) throws(RBDError) {
        let status = operate(object) { operation in
            bytes.withUnsafeBytes { library.addWriteFull(operation, $0.text, bytes.count) }
        }
        try check("cannot write in the pool \(name)", status)
    }

    /// Removes an object if it holds exactly these bytes; in one step, whoever else does what.
    func remove(object: String, holding bytes: [UInt8]) throws(RBDError) {
        let status = operate(object) { operation in
            bytes.withUnsafeBytes { library.addComparison(operation, $0.text, bytes.count, 0, nil) }
            library.addRemoval(operation)
        }
        // A difference is told as 4095 and the position where it begins.
        if status == -ENOENT || status <= -4095 { return }
        try check("cannot remove in the pool \(name)", status)
    }

    private func operate(_ object: String, _ add: (CephLibrary.Handle) -> Void) -> Int32 {
        guard let operation = library.createWriteOperation() else { return -ENOMEM }
        defer { library.releaseWriteOperation(operation) }
        add(operation)
        return library.operate(operation, handle, object, nil, 0)
    }

    /// Calls a method of the class `rbd` on an object, as librbd does.
    ///
    /// - Returns: what it answers; nil when the object, or what the method is asked for, is not there.
    func execute(_ method: String, on object: String, _ input: CephBytes) throws(RBDError) -> CephBytes? {
        var output = [CChar](repeating: 0, count: 4096)
        let status = input.bytes.withUnsafeBytes {
            library.execute(handle, object, "rbd", method, $0.text, input.bytes.count, &output, output.count)
        }
        if status == -ENOENT { return nil }
        let length = Int(try check("cannot use the pool \(name) (\(method))", status))
        return CephBytes(output.prefix(length).map { UInt8(bitPattern: $0) })
    }
}

extension UnsafeRawBufferPointer {
    /// As C functions want it, also where there is nothing.
    fileprivate var text: UnsafePointer<CChar> {
        baseAddress?.assumingMemoryBound(to: CChar.self) ?? Self.nothing
    }

    private nonisolated(unsafe) static let nothing: UnsafePointer<CChar> = {
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        pointer.initialize(to: 0)
        return UnsafePointer(pointer)
    }()
}
