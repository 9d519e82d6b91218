import Glibc
import ImageStore
import JSON
import NIOCore
import RBD

/// A volume that this process has attached and opened. Kinds of volumes other than rbd would be further cases here.
final class ConnectedVolume: Sendable {
    enum Mode: String {
        case reading = "ro"
        case writing = "rw"
    }

    let image: RBDImage
    private let attachment: String
    private let volumes: Volumes
    private let volumeID: String

    private init(_ image: RBDImage, attachment: String, volumeID: String, volumes: Volumes) {
        self.image = image
        self.attachment = attachment
        self.volumeID = volumeID
        self.volumes = volumes
    }

    /// Attaches a volume.
    static func attach(_ volume: Volume, _ mode: Mode, _ volumes: Volumes) async throws(StoreError) -> ConnectedVolume {
        let type = volume.type ?? "none"
        guard !volume.isEncrypted else {
            throw .backend("the volume is encrypted by its type (\(type)), which the cinder store cannot read or write")
        }
        let attachment = try await reserve(volume, mode, volumes)
        do throws(StoreError) {
            let connection = try await connect(attachment, volumes)
            let kind = connection["driver_volume_type"]?.stringValue ?? ""
            guard kind == "rbd" else {
                throw .backend(
                    "volumes of the type \(type) are of the kind '\(kind)'; the cinder store attaches volumes of the kind rbd "
                        + "only")
            }
            let image = try await open(connection, mode, volumes.settings)
            _ = try await translating { () async throws(CinderError) in
                try await volumes.client.call(
                    .POST, "/attachments/\(attachment)/action", ["os-complete": [:]], context: volumes.context)
            }
            return ConnectedVolume(image, attachment: attachment, volumeID: volume.id, volumes: volumes)
        } catch {
            try? await volumes.detach(attachment)
            throw error
        }
    }

    /// A volume may be on its way from another state, or be let go of just now by another reader.
    private static func reserve(
        _ volume: Volume, _ mode: Mode, _ volumes: Volumes
    ) async throws(StoreError) -> String {
        var pause = Duration.milliseconds(250)
        var attempts = 1
        while true {
            do throws(CinderError) {
                let answer = try await volumes.client.call(
                    .POST, "/attachments",
                    [
                        "attachment": [
                            "volume_uuid": .string(volume.id), "connector": .null, "mode": .string(mode.rawValue),
                        ]
                    ], context: volumes.context)
                guard let id = answer?["attachment"]?["id"]?.stringValue else { throw .unreadable }
                return id
            } catch {
                guard error.isAboutState, attempts < volumes.settings.attachmentAttempts else {
                    throw error.storeError
                }
            }
            attempts += 1
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(10))
        }
    }

    private static func connect(
        _ attachment: String, _ volumes: Volumes
    ) async throws(StoreError) -> [String: JSONValue] {
        let connector: JSONValue = [
            "host": .string(ProcessIdentity.host), "ip": "127.0.0.1", "platform": "x86_64", "os_type": "linux2",
            "multipath": false, "do_local_attach": false, "mountpoint": .string(ProcessIdentity.device),
        ]
        return try await translating { () async throws(CinderError) in
            let answer = try await volumes.client.call(
                .PUT, "/attachments/\(attachment)", ["attachment": ["connector": connector]],
                context: volumes.context)
            guard let info = answer?["attachment"]?["connection_info"]?.objectValue else { throw .unreadable }
            return info
        }
    }

    private static func open(
        _ connection: [String: JSONValue], _ mode: Mode, _ settings: CinderSettings
    ) async throws(StoreError) -> RBDImage {
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
            return try await RBDImage.open(String(name[1]), isReadOnly: mode == .reading, in: pool)
        } catch {
            throw StoreError(ceph: error)
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

    /// Closes the volume and gives it back.
    func detach() async throws(StoreError) {
        await image.close()
        try await volumes.detach(attachment)
    }

    /// Runs calls of Ceph.
    func ceph<Value: Sendable>(
        _ work: () async throws(RBDError) -> Value
    ) async throws(StoreError) -> Value {
        do throws(RBDError) {
            return try await work()
        } catch {
            if error.isOfConnection { CephConnections.shared.drop(image.pool.cluster) }
            throw StoreError(ceph: error)
        }
    }
}

/// How Cinder can tell who has attached a volume.
enum ProcessIdentity {
    static let host: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()
    static let device = "glance_store"
}

extension StoreError {
    init(ceph error: RBDError) {
        switch error {
        case .libraryMissing(let text): self = .badConfiguration(text)
        case .badConfiguration(let text): self = .backend(text)
        case .timeout: self = .timeout
        case .failed(ENOSPC, _), .failed(EDQUOT, _): self = .full
        case .failed(EACCES, let doing), .failed(EPERM, let doing): self = .permissionDenied(doing)
        case .failed(let code, let doing): self = .backend("\(doing): \(String(cString: strerror(code)))")
        }
    }
}
