extension Options {
    /// The group `[glance_store]`.
    public enum HttpStore {
        static let group = "glance_store"

        public static let httpsCaCertificatesFile = Option<String?>(
            .honoured, group, "https_ca_certificates_file", default: nil,
            help: "CA certificates to verify https servers with. Setting it overrides https_insecure.")

        public static let httpsInsecure = Option<Bool>(
            .honoured, group, "https_insecure", default: true,
            help: "Does not verify the certificates of https servers.")

        public static let httpProxyInformation = Option<OptionDictionary>(
            .honoured, group, "http_proxy_information", default: [:],
            help: "Proxies by scheme, such as http:10.0.0.1:3128.")

        static var all: [OptionDeclaration] {
            [
                httpsCaCertificatesFile.declaration, httpsInsecure.declaration, httpProxyInformation.declaration,
            ]
        }
    }
}
