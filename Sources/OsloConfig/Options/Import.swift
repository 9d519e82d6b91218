extension Options {
    /// The group `[image_import_opts]`.
    public enum ImageImportOpts {
        static let group = "image_import_opts"

        public static let imageImportPlugins = Option<[String]>(
            .notYet, group, "image_import_plugins", default: [], type: .list(.string, bounded: true),
            help: "Plugins run on import: inject_image_metadata, image_conversion, image_decompression, no_op.")

        public static let maxParallelStores = Option<Int>(
            .notYet, group, "max_parallel_stores", default: 1, minimum: 1,
            help: "Stores written concurrently during one import.")

        static var all: [OptionDeclaration] {
            [
                imageImportPlugins.declaration, maxParallelStores.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[import_filtering_opts]`.
    public enum ImportFilteringOpts {
        static let group = "import_filtering_opts"

        public static let allowedSchemes = Option<[String]>(
            .notYet, group, "allowed_schemes", default: ["http", "https"], type: .list(.string, bounded: true),
            help: "URI schemes allowed for web-download (and locations).")

        public static let disallowedSchemes = Option<[String]>(
            .notYet, group, "disallowed_schemes", default: [], type: .list(.string, bounded: true),
            help: "Schemes refused; used only when the allow list is empty.")

        public static let allowedHosts = Option<[String]>(
            .notYet, group, "allowed_hosts", default: [], type: .list(.host, bounded: true),
            help: "Only these hosts; also lifts the loopback/link-local block.")

        public static let disallowedHosts = Option<[String]>(
            .notYet, group, "disallowed_hosts", default: [], type: .list(.host, bounded: true),
            help: "Hosts refused; used only when the allow list is empty.")

        public static let allowedPorts = Option<[Int]>(
            .notYet, group, "allowed_ports", default: [80, 443], type: .list(.integer, bounded: true),
            help: "Ports allowed.")

        public static let disallowedPorts = Option<[Int]>(
            .notYet, group, "disallowed_ports", default: [], type: .list(.integer, bounded: true),
            help: "Ports refused; used only when the allow list is empty.")

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
            .notYet, group, "extra_properties", default: ["hw_", "trait:", "os_distro", "os_secure_boot", "os_type"],
            type: .list(.string, bounded: true),
            help: "Property names/prefixes copied by glance-download.")

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
            .notYet, group, "ignore_user_roles", default: ["admin"],
            help: "Roles whose imports get no injected properties.")

        public static let inject = Option<OptionDictionary>(
            .notYet, group, "inject", default: [:],
            help: "key:value properties added to imported images.")

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
            .notYet, group, "output_format", default: "raw", choices: ["qcow2", "raw", "vmdk"],
            help: "Target disk_format of the conversion plugin.")

        static var all: [OptionDeclaration] {
            [
                outputFormat.declaration
            ]
        }
    }
}
