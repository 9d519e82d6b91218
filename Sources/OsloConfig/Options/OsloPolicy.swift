extension Options {
    /// The group `[oslo_policy]`.
    public enum OsloPolicy {
        static let group = "oslo_policy"

        public static let enforceNewDefaults = Option<Bool>(
            .honoured, group, "enforce_new_defaults", default: true,
            help: "Ignore deprecated rule fallbacks; Zed default False.")

        public static let policyFile = Option<String>(
            .honoured, group, "policy_file", default: "policy.yaml",
            help: "YAML (or JSON) override file, relative to config dirs.")

        public static let policyDefaultRule = Option<String>(
            .honoured, group, "policy_default_rule", default: "default",
            help: "Rule used for unknown rule names.")

        public static let policyDirs = Option<[String]>(
            .honoured, group, "policy_dirs", default: ["policy.d"], type: .multi,
            help: "Directories of further policy files; multi-valued.")

        public static let remoteContentType = Option<String>(
            .honoured, group, "remote_content_type", default: "application/x-www-form-urlencoded",
            choices: ["application/x-www-form-urlencoded", "application/json"],
            help: "Body type for http: remote checks.")

        public static let remoteSslVerifyServerCrt = Option<Bool>(
            .honoured, group, "remote_ssl_verify_server_crt", default: false,
            help: "Verify the remote check server's certificate.")

        public static let remoteSslCaCrtFile = Option<String?>(
            .honoured, group, "remote_ssl_ca_crt_file", default: nil,
            help: "CA for remote checks.")

        public static let remoteSslClientCrtFile = Option<String?>(
            .honoured, group, "remote_ssl_client_crt_file", default: nil,
            help: "Client certificate for remote checks.")

        public static let remoteSslClientKeyFile = Option<String?>(
            .honoured, group, "remote_ssl_client_key_file", default: nil,
            help: "Client key for remote checks.")

        public static let remoteTimeout = Option<Double>(
            .honoured, group, "remote_timeout", default: 60.0,
            help: "Remote check timeout, seconds.")

        static var all: [OptionDeclaration] {
            [
                enforceNewDefaults.declaration, policyFile.declaration, policyDefaultRule.declaration,
                policyDirs.declaration, remoteContentType.declaration, remoteSslVerifyServerCrt.declaration,
                remoteSslCaCrtFile.declaration, remoteSslClientCrtFile.declaration, remoteSslClientKeyFile.declaration,
                remoteTimeout.declaration,
            ]
        }
    }
}
