extension Options {
    /// The group `[image_import_opts]`.
    public enum ImageImportOpts {
        static let group = "image_import_opts"

        public static let imageImportPlugins = Option<[String]>(
            .honoured, group, "image_import_plugins", default: [], type: .list(.string, bounded: true),
            help: """
                Steps that every import takes, in this order: inject_image_metadata, image_conversion, \
                image_decompression, no_op.
                """)

        public static let downloadTimeout = Option<Int>(
            .honoured, group, "download_timeout", default: 86400, minimum: 1,
            help: """
                Seconds that an import may take to download its data from another server, pauses included. A server that \
                sends nothing for a minute is given up before.
                """)

        public static let maxParallelStores = Option<Int>(
            .honoured, group, "max_parallel_stores", default: 1, minimum: 1,
            help: "How many stores one import writes to at the same time.")

        static var all: [OptionDeclaration] {
            [
                imageImportPlugins.declaration, downloadTimeout.declaration, maxParallelStores.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[import_filtering_opts]`.
    public enum ImportFilteringOpts {
        static let group = "import_filtering_opts"

        public static let allowedSchemes = Option<[String]>(
            .honoured, group, "allowed_schemes", default: ["http", "https"], type: .list(.string, bounded: true),
            help: """
                URI schemes that clients may let the service use: http and https at most. If this list is not empty, \
                disallowed_schemes is not looked at.
                """)

        public static let disallowedSchemes = Option<[String]>(
            .honoured, group, "disallowed_schemes", default: [], type: .list(.string, bounded: true),
            help: "URI schemes that clients may not let the service use.")

        public static let allowedHosts = Option<[String]>(
            .honoured, group, "allowed_hosts", default: [], type: .list(.host, bounded: true),
            help: """
                Hosts that clients may let the service contact. If this list is not empty, disallowed_hosts is not \
                looked at, and the hosts in it may be loopback and link-local ones.
                """)

        public static let disallowedHosts = Option<[String]>(
            .honoured, group, "disallowed_hosts", default: [], type: .list(.host, bounded: true),
            help: "Hosts that clients may not let the service contact, names and addresses.")

        public static let allowedPorts = Option<[Int]>(
            .honoured, group, "allowed_ports", default: [80, 443], type: .list(.integer, bounded: true),
            help: """
                Ports that clients may let the service contact. If this list is not empty, disallowed_ports is not \
                looked at.
                """)

        public static let disallowedPorts = Option<[Int]>(
            .honoured, group, "disallowed_ports", default: [], type: .list(.integer, bounded: true),
            help: "Ports that clients may not let the service contact.")

        static var all: [OptionDeclaration] {
            [
                allowedSchemes.declaration, disallowedSchemes.declaration, allowedHosts.declaration,
                disallowedHosts.declaration, allowedPorts.declaration, disallowedPorts.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[glance_download_properties]`.
    public enum GlanceDownloadProperties {
        static let group = "glance_download_properties"

        public static let extraProperties = Option<[String]>(
            .honoured, group, "extra_properties", default: ["hw_", "trait:", "os_distro", "os_secure_boot", "os_type"],
            type: .list(.string, bounded: true),
            help: "Properties, or beginnings of their names, that glance-download copies from the other region.")

        static var all: [OptionDeclaration] {
            [
                extraProperties.declaration
            ]
        }
    }
}

extension Options {
    /// The group `[inject_metadata_properties]`.
    public enum InjectMetadataProperties {
        static let group = "inject_metadata_properties"

        public static let ignoreUserRoles = Option<[String]>(
            .honoured, group, "ignore_user_roles", default: ["admin"],
            help: "Users with one of these roles import images without injected properties.")

        public static let inject = Option<OptionDictionary>(
            .honoured, group, "inject", default: [:],
            help: "Properties that every imported image gets.")

        static var all: [OptionDeclaration] {
            [
                ignoreUserRoles.declaration, inject.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[image_conversion]`.
    public enum ImageConversion {
        static let group = "image_conversion"

        public static let outputFormat = Option<String>(
            .honoured, group, "output_format", default: "raw", choices: ["qcow2", "raw", "vmdk"],
            help: "Disk format that imported images are converted to.")

        static var all: [OptionDeclaration] {
            [
                outputFormat.declaration
            ]
        }
    }
}
