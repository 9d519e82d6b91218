extension Options {
    /// The group `[oslo_policy]`.
    public enum OsloPolicy {
        static let group = "oslo_policy"

        public static let enforceNewDefaults = Option<Bool>(
            .honoured, group, "enforce_new_defaults", default: true,
            help: """
                Applies the default rules of today alone. Turned off, whatever the default rules of old \
                allowed is allowed too.
                """)

        public static let policyFile = Option<String>(
            .honoured, group, "policy_file", default: "policy.yaml",
            help: """
                YAML or JSON file with rules that replace the defaults. A relative name is looked for beside \
                the configuration files. The file is read again when it changes.
                """)

        public static let policyDefaultRule = Option<String>(
            .honoured, group, "policy_default_rule", default: "default",
            help: "Rule that decides where a rule that is referred to does not exist.")

        public static let policyDirs = Option<[String]>(
            .honoured, group, "policy_dirs", default: ["policy.d"], type: .multi,
            help: """
                Directory with further policy files, read in the order of their names after policy_file. May \
                be given several times.
                """)

        public static let remoteContentType = Option<String>(
            .honoured, group, "remote_content_type", default: "application/x-www-form-urlencoded",
            choices: ["application/x-www-form-urlencoded", "application/json"],
            help: "Media type of what is sent to a remote (http:) check.")

        public static let remoteSslVerifyServerCrt = Option<Bool>(
            .honoured, group, "remote_ssl_verify_server_crt", default: false,
            help: "Verifies the certificate of the server of a remote check.")

        public static let remoteSslCaCrtFile = Option<String?>(
            .honoured, group, "remote_ssl_ca_crt_file", default: nil,
            help: "CA certificates to verify it with: a file, or a directory of files such as /etc/ssl/certs.")

        public static let remoteSslClientCrtFile = Option<String?>(
            .honoured, group, "remote_ssl_client_crt_file", default: nil,
            help: "Client certificate for remote checks.")

        public static let remoteSslClientKeyFile = Option<String?>(
            .honoured, group, "remote_ssl_client_key_file", default: nil,
            help: "Private key of that certificate.")

        public static let remoteTimeout = Option<Double>(
            .honoured, group, "remote_timeout", default: 60.0,
            help: "Seconds that a remote check may take.")

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
