import Glibc
import ImageStore
import JSON
import NIOCore
import RBD

/// A volume of the kind rbd, by librbd.
struct CephVolume: VolumeContent {
    private let image: RBDImage

    let growsAttached = true
    let copies = 2

    /// - Parameter connection: how Cinder says that it is reached.
    static func open(
        _ connection: [String: JSONValue], isReadOnly: Bool, _ settings: CinderSettings
    ) async throws(StoreError) -> CephVolume {
        guard let name = connection["name"]?.stringValue?.split(separator: "/", maxSplits: 1), name.count == 2 else {
            throw .backend("Cinder does not say which image of Ceph the volume is")
        }
        let hosts = (connection["hosts"]?.arrayValue ?? []).compactMap(\.stringValue)
        let ports = (connection["ports"]?.arrayValue ?? []).compactMap {
            $0.stringValue ?? $0.integerValue.map(String.init)
        }
        var ceph = CephSettings(user: connection["auth_username"]?.stringValue, options: settings.cephOptions)
        ceph.options["mon_host"] = zip(hosts, ports).map { host, port in
            "\(host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host):\(port)"
        }.joined(separator: ",")
        if let key = connection["keyring"]?.stringValue, let secret = Self.key(inKeyring: key) {
            ceph.options["key"] = secret
        }
        do throws(RBDError) {
            let pool = try await CephConnections.shared.cluster(ceph).pool(String(name[0]))
            return CephVolume(image: try await RBDImage.open(String(name[1]), isReadOnly: isReadOnly, in: pool))
        } catch {
            throw Self.failure(error)
        }
    }

    /// The key of a keyring's text.
    private static func key(inKeyring text: String) -> String? {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0].filter({ $0 != " " && $0 != "\t" }) == "key" {
                return String(parts[1].filter { $0 != " " && $0 != "\t" && $0 != "\r" })
            }
        }
        return nil
    }

    func read(
        at offset: Int64, count: Int, allocate: @escaping IncomingPieces.Allocation
    ) async throws(StoreError) -> ByteBuffer {
        try await ceph { () async throws(RBDError) in try await image.read(at: offset, count: count, allocate: allocate)
        }
    }

    func write(_ bytes: ByteBuffer, at offset: Int64) async throws(StoreError) {
        try await ceph { () async throws(RBDError) in try await image.write(bytes, at: offset) }
    }

    func flush() async throws(StoreError) {
        try await ceph { () async throws(RBDError) in try await image.flush() }
    }

    func close() async { await image.close() }

    private func ceph<Value: Sendable>(
        _ work: () async throws(RBDError) -> Value
    ) async throws(StoreError) -> Value {
        do throws(RBDError) {
            return try await work()
        } catch {
            CephConnections.shared.drop(image.pool.cluster, after: error)
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: RBDError) -> StoreError {
        switch error {
        // It is Cinder that says how the cluster is reached, and that the volume is there.
        case .badConfiguration(let text): .backend(text)
        case .failed(ENOENT, let doing): .backend("\(doing): Ceph does not have what Cinder says")
        case .libraryMissing, .timeout, .failed: StoreError(error)
        }
    }
}
