import Foundation
import TestSupport

/// Images in storage systems, against the systems' own tools and Glance 33, all with the same running system.
enum Stores {
    /// A storage system, who moves images besides the two services, and what is to be reached.
    struct Subject: Sendable {
        let system: StorageSystem
        /// The system's own tool, on a server and in the place where the images are, and the bound of ours by its speed.
        var tool: (@Sendable (SupportServer, String) async throws -> ToolContender)?
        var toolTarget = 1.0
        /// Whether all clients download one image. Glance 33 fails where several read one volume of Cinder at a time.
        var sharesImage = true

        static let rbd = Subject(system: .rbd, tool: ToolContender.rbd, toolTarget: 0.9)
        static let s3 = Subject(system: .s3, tool: ToolContender.aws)
        static let swift = Subject(system: .swift, tool: ToolContender.swift)
        static let cinder = Subject(system: .cinder, sharesImage: false)
        static let vmware = Subject(system: .vmware)
    }

    /// How often ours and the tool have their turn, and how often Glance 33, which takes much longer.
    private static let rounds = 3
    private static let glanceRounds = 2

    private static let glanceName = "Glance 33"

    /// What is moved at the same time: 1 GiB either way.
    private struct Load: Sendable {
        let clients: Int
        var bytes: Int { Downloads.size / clients }
        var name: String { clients == 1 ? "1 GiB, 1 client" : "\(clients) × \(bytes >> 20) MiB, \(clients) clients" }
        static let all = [Load(clients: 1), Load(clients: 8)]
    }

    static func run(_ subject: Subject, _ lab: Lab) async throws -> [Row] {
        try await withSites(subject.system, lab) { server, sites, token, place in
            let ours = GlanceContender(name: "ours", client: ImageClient(url: sites.ours.url, token: token))
            var peers: [any Contender] = []
            if let tool = subject.tool { peers.append(try await tool(server, place)) }
            peers.append(
                GlanceContender(name: glanceName, client: ImageClient(url: sites.theirs.url, token: token)))
            // Where what is downloaded goes to: `rbd` and `aws` write to files at any place of them.
            return try await withMemory { sinks in
                var rows: [Row] = []
                for load in Load.all { rows += try await measure(load, ours, peers, subject, sinks) }
                return rows
            }
        }
    }

    private static func measure(
        _ load: Load, _ ours: GlanceContender, _ peers: [any Contender], _ subject: Subject, _ sinks: String
    ) async throws -> [Row] {
        let file = "\(sinks)/source"
        try await command("dd", ["if=/dev/urandom", "of=\(file)", "bs=1M", "count=\(load.bytes >> 20)"])
        // What is downloaded. The first upload of each does not count, and neither does our first download.
        func keep(_ contender: any Contender) async throws -> [String] {
            var images: [String] = []
            for _ in 0..<(subject.sharesImage ? 1 : load.clients) {
                images.append(try await contender.prepare())
                try await contender.upload(file, images[images.count - 1])
            }
            return images
        }
        let kept = try await keep(ours)
        var keptByPeers: [[String]] = []
        for peer in peers { keptByPeers.append(try await keep(peer)) }
        _ = try await download(kept, load, ours, sinks)
        func turns(_ peer: any Contender, _ body: @escaping () async throws -> Double) -> Measurement.Peer {
            Measurement.Peer(rounds: peer.name == glanceName ? glanceRounds : rounds, body: body)
        }
        let uploads = try await Measurement.turns(
            rounds, ours: { try await upload(file, load, ours) },
            peers: peers.map { peer in turns(peer) { try await upload(file, load, peer) } })
        let downloads = try await Measurement.turns(
            rounds, ours: { try await download(kept, load, ours, sinks) },
            peers: zip(peers, keptByPeers).map { peer, images in
                turns(peer) { try await download(images, load, peer, sinks) }
            })
        for (contender, images) in zip([ours] + peers, [kept] + keptByPeers) {
            for image in images { try await contender.remove(image) }
        }

        return [("upload", uploads), ("download", downloads)].flatMap { verb, measurements in
            zip(peers, measurements).map { peer, measurement in
                Row(
                    workload: "\(subject.system) \(verb) \(load.name)", unit: "GiB/s", peerName: peer.name,
                    measurement: measurement,
                    target: .atLeast(peer.name == glanceName ? 2 : subject.toolTarget))
            }
        }
    }

    /// GiB per second of all clients together.
    private static func upload(_ file: String, _ load: Load, _ contender: any Contender) async throws -> Double {
        var images: [String] = []
        for _ in 0..<load.clients { images.append(try await contender.prepare()) }
        let seconds = try await Measurement.together(images) { try await contender.upload(file, $0) }
        for image in images { try await contender.remove(image) }
        return Double(load.clients * load.bytes) / Double(1 << 30) / seconds
    }

    private static func download(
        _ images: [String], _ load: Load, _ contender: any Contender, _ sinks: String
    ) async throws -> Double {
        let transfers = (0..<load.clients).map { (image: images[$0 % images.count], file: "\(sinks)/\($0)") }
        let seconds = try await Measurement.together(transfers) { try await contender.download($0.image, to: $0.file) }
        for (_, file) in transfers {
            let size = try await command("stat", ["-c", "%s", file]).trimmingCharacters(in: .whitespacesAndNewlines)
            guard size == "\(load.bytes)" else { throw TestFailure("\(contender.name): \(size) bytes") }
            try FileManager.default.removeItem(atPath: file)
        }
        return Double(load.clients * load.bytes) / Double(1 << 30) / seconds
    }

    // MARK: - Copies

    /// copy-image into Ceph, from files and from another pool of the same cluster.
    static func copies(_ lab: Lab) async throws -> [Row] {
        try await withSites(.rbd, lab, more: ["second"]) { _, sites, token, _ in
            var rows: [Row] = []
            let clients = (
                ImageClient(url: sites.ours.url, token: token), ImageClient(url: sites.theirs.url, token: token)
            )
            let file = "\(sites.ours.directory)/source"
            try await command("dd", ["if=/dev/urandom", "of=\(file)", "bs=1M", "count=\(Downloads.size >> 20)"])
            for (origin, target) in [("local", 2.0), ("cold", 10)] {
                func image(_ client: ImageClient) async throws -> String {
                    let id = try await client.create(["name": "large"])
                    _ = try await Uploads.put(file, id, client, chunked: false, store: origin)
                    return id
                }
                let (ours, theirs) = (try await image(clients.0), try await image(clients.1))
                _ = try await Copies.copy(ours, to: "second", clients.0)
                let measurements = try await Measurement.turns(
                    rounds, ours: { 1 / (try await Copies.copy(ours, to: "second", clients.0)) },
                    peers: [
                        Measurement.Peer(
                            rounds: glanceRounds, body: { 1 / (try await Copies.copy(theirs, to: "second", clients.1)) }
                        )
                    ])
                rows.append(
                    Row(
                        workload: "copy-image 1 GiB, \(origin == "local" ? "file" : "rbd") → rbd", unit: "GiB/s",
                        peerName: glanceName, measurement: measurements[0], target: .atLeast(target)))
                try await clients.0.expect(204, "DELETE", "/v2/images/\(ours)")
                try await clients.1.expect(204, "DELETE", "/v2/images/\(theirs)")
            }
            return rows
        }
    }

    // MARK: - Services

    /// Runs `body` while ours and Glance 33 serve a site each, with databases of their own and the system as the first store of
    /// both. It gets an administrator's token, too, and the place where the images are.
    ///
    /// - Parameter more: ids of further stores on the same system.
    private static func withSites<Result: Sendable>(
        _ system: StorageSystem, _ lab: Lab, more: [String] = [],
        _ body: @Sendable (SupportServer, (ours: Site, theirs: Site), String, String) async throws -> Result
    ) async throws -> Result {
        let place = "bench"
        // Room for all that is written, whenever the system gives it free again.
        let environment = ["CEPH_SIZE_GB": "32", "S3_REMOVAL_SECONDS": "5"]
        return try await withServer(system.starter, environment) { server in
            var made = [try await system.store("cold", on: server, place: place)]
            for id in more { made.append(try await system.store(id, on: server, place: "\(place)-\(id)")) }
            let stores = made
            let token = try await lab.keystone.token("admin", project: "admin")
            return try await lab.withSite("stores") { ours in
                try ours.append(stores)
                return try await lab.withSite("other_stores") { theirs in
                    try theirs.append(stores)
                    try theirs.suitGlance33(stores[0])
                    var variables = system.environment(server).merging(Lab.glance33) { $1 }
                    variables["GLANCE33_STORE"] = system.driver
                    // Several transfers at a time, as ours.
                    variables["GLANCE33_THREADS"] = "4"
                    variables["CINDER_KEYRING"] = server.settings["CINDER_KEYRING"]
                    let environment = variables
                    return try await withGlance(.ours, ours, environment: system.environment(server)) { _ in
                        try await withGlance(.glance33, theirs, environment: environment) { _ in
                            try await body(server, (ours, theirs), token, place)
                        }
                    }
                }
            }
        }
    }
}

extension Site {
    /// What Glance 33 needs for a store besides.
    fileprivate func suitGlance33(_ store: Store) throws {
        switch store.driver {
        case "cinder":
            try append("\n[oslo_concurrency]\nlock_path = \(directory)\n[os_brick]\nlock_path = \(directory)\n")
        case "vmware":
            // It writes to this store only where that is not one of several.
            let text = try String(contentsOfFile: configurationFile, encoding: .utf8)
            try text.replacing(/\n(enabled_backends|default_backend) = .*/, with: "").write(
                toFile: configurationFile, atomically: true, encoding: .utf8)
            try append("\n[glance_store]\nstores = \(store.driver)\ndefault_store = vsphere\n\(store.lines)")
        default: break
        }
    }
}
