extension Options {
    /// The group `[glance_store]`.
    public enum HttpStore {
        static let group = "glance_store"

        public static let httpsCaCertificatesFile = Option<String?>(
            .honoured, group, "https_ca_certificates_file", default: nil,
            help: "CA bundle; overrides https_insecure.")

        public static let httpsInsecure = Option<Bool>(
            .honoured, group, "https_insecure", default: true,
            help: "Skip verification (default True!).")

        public static let httpProxyInformation = Option<OptionDictionary>(
            .honoured, group, "http_proxy_information", default: [:],
            help: "scheme:proxy map, e.g. http:10.0.0.1:3128.")

        static var all: [OptionDeclaration] {
            [
                httpsCaCertificatesFile.declaration, httpsInsecure.declaration, httpProxyInformation.declaration,
            ]
        }
    }
}
