import Foundation

/// A storage system of the tests, and the store of ours, or of Python's Glance, that keeps images in it.
public struct StorageSystem: Sendable, CustomStringConvertible {
    /// The driver's name in `enabled_backends`.
    public let driver: String
    /// The starter of `Tests/Support` that runs it.
    public let starter: String

    private let makeOptions: @Sendable (SupportServer, String) async throws -> [String: String]

    public var description: String { driver }

    /// All that images can be written to, but the directories of files.
    public static let all = [rbd, s3, swift, cinder, vmware]

    /// A store on the running system, in a place of its own.
    ///
    /// - Parameters:
    ///   - id: the store's id.
    ///   - place: name of the pool, bucket, container or directory; small letters, digits and dashes. It is made, unless the store
    ///     itself does that.
    public func store(_ id: String, on server: SupportServer, place: String) async throws -> Site.Store {
        Site.Store(id: id, driver: driver, options: try await makeOptions(server, place))
    }

    /// Variables with which a service finds what no option names.
    public func environment(_ server: SupportServer) -> [String: String] {
        // The keys of Ceph's users are not in their usual place.
        server.settings.filter { $0.key == "CEPH_CONF" }
    }

    /// Ceph's block devices.
    public static let rbd = StorageSystem(driver: "rbd", starter: "ceph") { server, place in
        let configuration = try server.setting("CEPH_CONF")
        try await command("ceph", ["-c", configuration, "osd", "pool", "create", place])
        try await command("ceph", ["-c", configuration, "osd", "pool", "application", "enable", place, "rbd"])
        return [
            "rbd_store_ceph_conf": configuration, "rbd_store_user": "glance", "rbd_store_pool": place,
        ]
    }

    /// Ceph's object gateway.
    public static let s3 = StorageSystem(driver: "s3", starter: "s3") { server, place in
        [
            "s3_store_host": try server.setting("S3_URL"), "s3_store_access_key": try server.setting("S3_ACCESS_KEY"),
            "s3_store_secret_key": try server.setting("S3_SECRET_KEY"), "s3_store_bucket": place,
            "s3_store_create_bucket_on_put": "true", "s3_store_bucket_url_format": "path",
        ]
    }

    /// OpenStack Swift with users of Keystone: Glance 33 knows no others.
    public static let swift = StorageSystem(driver: "swift", starter: "swift-keystone") { server, place in
        [
            "swift_store_auth_version": "3", "swift_store_auth_address": try server.setting("KEYSTONE_URL") + "/v3",
            "swift_store_user": "service:glance", "swift_store_key": try server.setting("KEYSTONE_PASSWORD"),
            "swift_store_container": place, "swift_store_create_container_on_put": "true",
        ]
    }

    /// Cinder with volumes in Ceph, all in one project.
    public static let cinder = StorageSystem(driver: "cinder", starter: "cinder") { server, _ in
        let keystone = try Keystone(server)
        // Several processes read one volume.
        let (token, project) = try await keystone.authenticate("admin", project: "admin")
        let client = ImageClient(url: try server.setting("CINDER_URL") + "/v3/\(project)", token: token)
        for type in try await client.expect(200, "GET", "/types").json["volume_types"].array {
            try await client.expect(
                200, "POST", "/types/\(type["id"].string ?? "")/extra_specs",
                json: ["extra_specs": ["multiattach": "<is> True"]])
        }
        return [
            "cinder_store_auth_address": "\(keystone.url)/v3", "cinder_store_user_name": "glance",
            "cinder_store_password": keystone.password, "cinder_store_project_name": "service",
            "cinder_volume_type": "rbd",
        ]
    }

    /// The simulator of vCenter.
    public static let vmware = StorageSystem(driver: "vmware", starter: "vsphere") { server, place in
        [
            "vmware_server_host": try server.setting("VSPHERE_HOST"),
            "vmware_server_username": try server.setting("VSPHERE_USER"),
            "vmware_server_password": try server.setting("VSPHERE_PASSWORD"),
            "vmware_ca_file": try server.setting("VSPHERE_CA"), "vmware_datastores": "DC0:LocalDS_0",
            "vmware_store_image_dir": place, "vmware_task_poll_interval": "1",
        ]
    }
}

extension Site {
    /// A store, as `glance-api.conf` names it.
    public struct Store: Sendable {
        public var id: String
        public var driver: String
        public var options: [String: String]

        public init(id: String, driver: String, options: [String: String]) {
            self.id = id
            self.driver = driver
            self.options = options
        }

        /// The options, a line each.
        public var lines: String { options.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)\n" }.joined() }
    }

    /// Adds stores to the one of files, which is `local`. The first of them is where images go.
    public func append(_ stores: [Store]) throws {
        let backends = stores.map { "\($0.id):\($0.driver)" }.joined(separator: ", ")
        try append(
            """

            [DEFAULT]
            enabled_backends = local:file, \(backends)
            [glance_store]
            default_backend = \(stores[0].id)

            """ + stores.map { "[\($0.id)]\n\($0.lines)" }.joined())
    }
}
