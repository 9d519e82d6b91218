extension Options {
    /// The group `[image_format]`.
    public enum ImageFormat {
        static let group = "image_format"

        public static let containerFormats = Option<[String]>(
            .honoured, group, "container_formats",
            default: ["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"],
            oldNames: ["DEFAULT/container_formats"],
            help: "Container formats accepted by the schema.")

        public static let diskFormats = Option<[String]>(
            .honoured, group, "disk_formats",
            default: [
                "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop",
            ], oldNames: ["DEFAULT/disk_formats"],
            help: "Disk formats accepted by the schema.")

        public static let vmdkAllowedTypes = Option<[String]>(
            .honoured, group, "vmdk_allowed_types", default: ["streamOptimized", "monolithicSparse"],
            help: "VMDK createType values allowed; empty list forbids VMDK.")

        public static let requireImageFormatMatch = Option<Bool>(
            .honoured, group, "require_image_format_match", default: true,
            help: "Refuse uploads whose content differs from disk_format.")

        public static let gptSafetyChecksNonfatal = Option<[String]>(
            .honoured, group, "gpt_safety_checks_nonfatal", default: [],
            help: "GPT/MBR safety checks that only warn instead of rejecting.")

        static var all: [OptionDeclaration] {
            [
                containerFormats.declaration, diskFormats.declaration, vmdkAllowedTypes.declaration,
                requireImageFormatMatch.declaration, gptSafetyChecksNonfatal.declaration,
            ]
        }
    }
}
