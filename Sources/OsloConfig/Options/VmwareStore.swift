extension Options {
    /// The group `[glance_store]`.
    public enum VmwareStore {
        static let group = "glance_store"

        public static let vmwareServerHost = Option<String?>(
            .honoured, group, "vmware_server_host", default: nil,
            help: "ESX or vCenter server, by name or address; with a port behind a colon if it is not 443.")

        public static let vmwareServerUsername = Option<String?>(
            .honoured, group, "vmware_server_username", default: nil,
            help: "User of that server.")

        public static let vmwareServerPassword = Option<String?>(
            .honoured, group, "vmware_server_password", default: nil, secret: true,
            help: "Password of that user.")

        public static let vmwareApiRetryCount = Option<Int>(
            .honoured, group, "vmware_api_retry_count", default: 10, minimum: 1,
            help: "How often a failed call is tried again.")

        public static let vmwareTaskPollInterval = Option<Int>(
            .honoured, group, "vmware_task_poll_interval", default: 5, minimum: 1,
            help: "Seconds between two looks at a running task of the server.")

        public static let vmwareStoreImageDir = Option<String>(
            .honoured, group, "vmware_store_image_dir", default: "/openstack_glance",
            help: "Directory of images in the datastore.")

        public static let vmwareInsecure = Option<Bool>(
            .honoured, group, "vmware_insecure", default: false, oldNames: ["vmware_api_insecure"],
            help: "Does not verify the server's certificate.")

        public static let vmwareCaFile = Option<String?>(
            .honoured, group, "vmware_ca_file", default: nil,
            help: "CA certificates to verify it with.")

        public static let vmwareDatastores = Option<[String]>(
            .honoured, group, "vmware_datastores", default: [], type: .multi,
            help: "Datastores, each as datacenter:datastore:weight; the weight may be left out.")

        static var all: [OptionDeclaration] {
            [
                vmwareServerHost.declaration, vmwareServerUsername.declaration, vmwareServerPassword.declaration,
                vmwareApiRetryCount.declaration, vmwareTaskPollInterval.declaration, vmwareStoreImageDir.declaration,
                vmwareInsecure.declaration, vmwareCaFile.declaration, vmwareDatastores.declaration,
            ]
        }
    }
}
