extension Options {
    /// The group `[image_format]`.
    public enum ImageFormat {
        static let group = "image_format"

        public static let containerFormats = Option<[String]>(
            .honoured, group, "container_formats",
            default: ["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"],
            oldNames: ["DEFAULT/container_formats"],
            help: "Values that container_format of an image may have.")

        public static let diskFormats = Option<[String]>(
            .honoured, group, "disk_formats",
            default: [
                "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop",
            ], oldNames: ["DEFAULT/disk_formats"],
            help: "Values that disk_format of an image may have.")

        public static let vmdkAllowedTypes = Option<[String]>(
            .honoured, group, "vmdk_allowed_types", default: ["streamOptimized", "monolithicSparse"],
            help: "Subformats (createType) of vmdk images that are accepted. An empty list refuses every vmdk image.")

        public static let requireImageFormatMatch = Option<Bool>(
            .honoured, group, "require_image_format_match", default: true,
            help: "Refuses data whose format is visibly not the disk_format of the image.")

        public static let gptSafetyChecksNonfatal = Option<[String]>(
            .honoured, group, "gpt_safety_checks_nonfatal", default: [],
            help: "Safety checks of partition tables whose failure is only logged.")

        static var all: [OptionDeclaration] {
            [
                containerFormats.declaration, diskFormats.declaration, vmdkAllowedTypes.declaration,
                requireImageFormatMatch.declaration, gptSafetyChecksNonfatal.declaration,
            ]
        }
    }
}
