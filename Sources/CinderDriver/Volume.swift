import ImageStore
import JSON
import NIOHTTP1
import TextCoding

/// A volume as Cinder describes it.
struct Volume: Sendable, Equatable {
    struct Attachment: Sendable, Equatable {
        let id: String
        let host: String?
        /// What the one who attached it has called the place.
        let device: String?
    }

    let id: String
    let name: String?
    let status: String
    /// GiB.
    let size: Int64
    let type: String?
    let isEncrypted: Bool
    let metadata: [String: String]
    let attachments: [Attachment]
    /// When something was last changed.
    let changed: Timestamp?

    init?(_ json: JSONValue?) {
        guard let json, let id = json["id"]?.stringValue, let status = json["status"]?.stringValue,
            let size = json["size"]?.integerValue
        else { return nil }
        self.id = id
        self.status = status
        self.size = size
        name = json["name"]?.stringValue
        type = json["volume_type"]?.stringValue
        isEncrypted = json["encrypted"]?.boolValue ?? false
        metadata = (json["metadata"]?.objectValue ?? [:]).compactMapValues(\.stringValue)
        attachments = (json["attachments"]?.arrayValue ?? []).compactMap { attachment in
            attachment["attachment_id"]?.stringValue.map {
                Attachment(
                    id: $0, host: attachment["host_name"]?.stringValue, device: attachment["device"]?.stringValue)
            }
        }
        changed = (json["updated_at"]?.stringValue ?? json["created_at"]?.stringValue).flatMap { Timestamp($0) }
    }

    static let gibibyte: Int64 = 1 << 30

    /// How long ago something was last changed.
    var age: Duration {
        guard let changed else { return .zero }
        return .microseconds(Timestamp.now.microseconds - changed.microseconds)
    }

    /// Bytes of the image in it.
    var imageSize: Int64 { metadata["image_size"].flatMap { Int64($0) } ?? size * Self.gibibyte }
}

/// The calls about volumes.
struct Volumes: Sendable {
    let client: CinderClient
    let settings: CinderSettings
    let exports: NFSExports
    let context: StoreContext

    func create(
        name: String, size: Int64, metadata: [String: String]
    ) async throws(CinderError) -> Volume {
        var fields: [String: JSONValue] = [
            "name": .string(name), "size": .integer(size), "metadata": .object(metadata.mapValues { .string($0) }),
        ]
        if let type = settings.volumeType { fields["volume_type"] = .string(type) }
        return try volume(await client.call(.POST, "/volumes", ["volume": .object(fields)], context: context))
    }

    func get(_ id: String) async throws(CinderError) -> Volume {
        try volume(await client.call(.GET, "/volumes/\(id)", context: context))
    }

    private func volume(_ answer: JSONValue?) throws(CinderError) -> Volume {
        guard let volume = Volume(answer?["volume"]) else { throw .unreadable }
        return volume
    }

    /// All volumes of the account that a query finds.
    func list(_ query: String) async throws(CinderError) -> [Volume] {
        var all: [Volume] = []
        while true {
            let marker = all.last.map { "&marker=\($0.id)" } ?? ""
            let answer = try await client.call(
                .GET, "/volumes/detail?\(query)&limit=500\(marker)", context: context)
            guard let list = answer?["volumes"]?.arrayValue else { throw .unreadable }
            let page = list.compactMap { Volume($0) }
            all += page
            if answer?["volumes_links"] == nil || page.isEmpty { return all }
        }
    }

    func list(name: String) async throws(CinderError) -> [Volume] {
        try await list("name=\(PercentEncoding.encode(name))")
    }

    func list(metadata key: String, _ value: String) async throws(CinderError) -> [Volume] {
        let filter = JSONWriter.text(of: [key: .string(value)])
        // Older ones may not filter.
        return try await list("metadata=\(PercentEncoding.encode(filter))").filter { $0.metadata[key] == value }
    }

    func rename(_ id: String, to name: String) async throws(CinderError) {
        try await client.call(.PUT, "/volumes/\(id)", ["volume": ["name": .string(name)]], context: context)
    }

    func set(_ metadata: [String: String], of id: String) async throws(CinderError) {
        try await client.call(
            .POST, "/volumes/\(id)/metadata", ["metadata": .object(metadata.mapValues { .string($0) })],
            context: context)
    }

    func remove(metadata key: String, of id: String) async throws(CinderError) {
        try await client.call(.DELETE, "/volumes/\(id)/metadata/\(key)", context: context)
    }

    func setReadOnly(_ id: String) async throws(CinderError) {
        try await act("os-update_readonly_flag", ["readonly": true], on: id)
    }

    /// Makes a volume larger, and waits until it is.
    func extend(_ id: String, to size: Int64, whileAttached: Bool) async throws(StoreError) {
        try await translating { () async throws(CinderError) in
            try await act("os-extend", ["new_size": .integer(size)], on: id)
        }
        let end = whileAttached ? "in-use" : "available"
        let volume = try await wait(for: end, of: id, while: ["extending"], orElse: ["error_extending"])
        // A backend without room leaves the volume as it was.
        guard volume.size >= size else { throw .full }
    }

    private func act(_ name: String, _ parameters: JSONValue, on id: String) async throws(CinderError) {
        try await client.call(.POST, "/volumes/\(id)/action", [name: parameters], context: context)
    }

    /// Waits for a state.
    ///
    /// - Parameters:
    ///   - passing: states on the way there.
    ///   - others: states that end the wait as well.
    @discardableResult
    func wait(
        for state: String, of id: String, while passing: Set<String>, orElse others: Set<String> = []
    ) async throws(StoreError) -> Volume {
        let end = ContinuousClock.now + settings.stateTimeout
        var pause = Duration.milliseconds(100)
        while true {
            let volume = try await translating { () async throws(CinderError) in try await get(id) }
            if volume.status == state || others.contains(volume.status) { return volume }
            guard passing.contains(volume.status) else {
                throw .backend("the image's volume is in the state \(volume.status) instead of \(state)")
            }
            guard ContinuousClock.now < end else { throw .timeout }
            try? await Task.sleep(for: pause)
            pause = min(pause * 3 / 2, .seconds(2))
        }
    }

    /// Removes a volume, and waits until it is gone.
    ///
    /// - Throws: ``StoreError/notFound``; ``StoreError/inUse(_:)`` when it is attached or something was made of it.
    func remove(_ id: String) async throws(StoreError) {
        _ = try await translating { () async throws(CinderError) in
            try await client.call(.DELETE, "/volumes/\(id)", context: context)
        }
        let end = ContinuousClock.now + settings.stateTimeout
        var pause = Duration.milliseconds(100)
        while ContinuousClock.now < end {
            do throws(CinderError) {
                let volume = try await get(id)
                // What cannot be removed because it is in use becomes available again.
                if volume.status == "available" { throw .refused(status: 409, "") }
                if volume.status == "error_deleting" { throw .refused(status: 500, "error_deleting") }
            } catch {
                if error.isNotFound { return }
                throw error.storeError
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 3 / 2, .seconds(2))
        }
        throw .timeout
    }

    /// Ends all attachments of a volume, whoever has made them, and waits until it is free.
    func free(_ volume: Volume) async throws(StoreError) {
        for attachment in volume.attachments { try await detach(attachment.id) }
        // One that was only reserved is not among the volume's own.
        let reserved = try await translating { () async throws(CinderError) in
            try await client.call(.GET, "/attachments?volume_id=\(volume.id)", context: context)
        }
        for attachment in reserved?["attachments"]?.arrayValue ?? [] {
            if let id = attachment["id"]?.stringValue { try await detach(id) }
        }
        try await wait(
            for: "available", of: volume.id,
            while: ["in-use", "attaching", "detaching", "reserved", "extending", "creating"])
    }

    /// Ends the attachments of a volume that nobody has any more: those of processes of this machine that were killed, and
    /// those that have not got anywhere for longer than a volume may take.
    ///
    /// - Returns: whether there were any.
    func releaseAbandoned(_ id: String) async throws(StoreError) -> Bool {
        let volume: Volume
        do throws(CinderError) {
            volume = try await get(id)
        } catch {
            if error.isNotFound { return false }
            throw error.storeError
        }
        return try await releaseAbandoned(volume)
    }

    /// The same of a volume that was just looked at.
    @discardableResult
    func releaseAbandoned(_ volume: Volume) async throws(StoreError) -> Bool {
        var abandoned = volume.attachments.filter {
            $0.device.flatMap { AttachmentOwner(text: $0) }?.isGone == true
        }.map(\.id)
        // One that is not complete is not among the volume's own, and does not say whose it is.
        if volume.status != "available", volume.age >= settings.stateTimeout {
            let all = try await translating { () async throws(CinderError) in
                try await client.call(.GET, "/attachments/detail?volume_id=\(volume.id)", context: context)
            }
            for attachment in all?["attachments"]?.arrayValue ?? [] {
                if let id = attachment["id"]?.stringValue,
                    ["reserved", "attaching"].contains(attachment["status"]?.stringValue)
                {
                    abandoned.append(id)
                }
            }
        }
        for id in abandoned { try await detach(id) }
        return !abandoned.isEmpty
    }

    func detach(_ attachment: String) async throws(StoreError) {
        do throws(CinderError) {
            try await client.call(.DELETE, "/attachments/\(attachment)", context: context)
        } catch {
            guard error.isNotFound else { throw error.storeError }
        }
    }
}
