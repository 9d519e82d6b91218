import ImageStore
import JSON
import NIOCore

/// A volume that this process has attached and opened.
final class ConnectedVolume: Sendable {
    enum Mode: String {
        case reading = "ro"
        case writing = "rw"
    }

    let content: any VolumeContent
    private let attachment: String
    private let volumes: Volumes

    private init(_ content: any VolumeContent, attachment: String, volumes: Volumes) {
        self.content = content
        self.attachment = attachment
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
            let content = try await open(connection, mode, type: type, volumes)
            do throws(StoreError) {
                _ = try await translating { () async throws(CinderError) in
                    try await volumes.client.call(
                        .POST, "/attachments/\(attachment)/action", ["os-complete": [:]], context: volumes.context)
                }
            } catch {
                await content.close()
                throw error
            }
            return ConnectedVolume(content, attachment: attachment, volumes: volumes)
        } catch {
            try? await volumes.detach(attachment)
            throw error
        }
    }

    /// A volume may be on its way from another state, be let go of just now by another reader, or still be attached by one
    /// that was killed.
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
            if try await volumes.releaseAbandoned(volume.id) { continue }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(10))
        }
    }

    private static func connect(
        _ attachment: String, _ volumes: Volumes
    ) async throws(StoreError) -> [String: JSONValue] {
        let connector: JSONValue = [
            "host": .string(AttachmentOwner.hostName), "ip": "127.0.0.1", "platform": "x86_64", "os_type": "linux2",
            "multipath": false, "do_local_attach": false, "mountpoint": .string(AttachmentOwner.current.text),
        ]
        return try await translating { () async throws(CinderError) in
            let answer = try await volumes.client.call(
                .PUT, "/attachments/\(attachment)", ["attachment": ["connector": connector]],
                context: volumes.context)
            var info = answer?["attachment"]?["connection_info"]?.objectValue
            // The answer to a change leaves the format of a volume's file out, in some releases.
            if info?["driver_volume_type"]?.stringValue == "nfs", info?["format"] == nil {
                let whole = try await volumes.client.call(
                    .GET, "/attachments/\(attachment)", context: volumes.context)
                info = whole?["attachment"]?["connection_info"]?.objectValue
            }
            guard let info else { throw .unreadable }
            return info
        }
    }

    /// Further kinds of volumes would be further cases here.
    private static func open(
        _ connection: [String: JSONValue], _ mode: Mode, type: String, _ volumes: Volumes
    ) async throws(StoreError) -> any VolumeContent {
        let isReadOnly = mode == .reading
        switch connection["driver_volume_type"]?.stringValue ?? "" {
        case "rbd": return try await CephVolume.open(connection, isReadOnly: isReadOnly, volumes.settings)
        case "nfs": return try await NFSVolume.open(connection, isReadOnly: isReadOnly, volumes.exports)
        case let kind:
            throw .backend(
                "volumes of the type \(type) are of the kind '\(kind)'; the cinder store attaches volumes of the kinds rbd "
                    + "and nfs only")
        }
    }

    /// Closes the volume and gives it back.
    func detach() async throws(StoreError) {
        await content.close()
        try await volumes.detach(attachment)
    }

    /// Gives the volume back, which is closed already.
    func giveBack() async throws(StoreError) { try await volumes.detach(attachment) }
}
