/// The declared options, one enum for each group of the configuration file; the help text of an option is its
/// documentation.
///
/// Swift names are the snake_case names written in lowerCamelCase word by word:
/// `Options.Default.showImageDirectUrl`, `Options.KeystoneAuthtoken.wwwAuthenticateUri`.
///
/// Options of store drivers (``FileStore``, ``HttpStore``, …) and ``Store`` are read with
/// ``Configuration/value(_:store:)``: they sit in the group of a store's id when `enabled_backends` is set and in
/// `[glance_store]` otherwise.
public enum Options {
    /// The group `[DEFAULT]`.
    public enum Default {
        static let group = "DEFAULT"

        static var all: [OptionDeclaration] {
            serverOptions + apiOptions + loggingOptions + cacheOptions + scrubberOptions + messagingOptions
        }
    }

    /// What one `[glance_store]` group, or one store's own group, may contain, by driver type.
    static var drivers: [(type: String, options: [OptionDeclaration])] {
        [
            ("file", FileStore.all), ("http", HttpStore.all), ("rbd", RbdStore.all), ("s3", S3Store.all),
            ("swift", SwiftStore.all), ("vmware", VmwareStore.all), ("cinder", CinderStore.all),
        ]
    }

    /// Every declared option but those of store drivers, in the order of the sample file.
    static var common: [OptionDeclaration] {
        [
            Default.all, PasteDeploy.all, Wsgi.all, ImageFormat.all, Database.all, KeystoneAuthtoken.all,
            GlanceStore.all, OsloPolicy.all, OsloMiddleware.all, Cors.all, Healthcheck.all, OsloLimit.all, Task.all,
            TaskflowExecutor.all, ImageImportOpts.all, ImportFilteringOpts.all, GlanceDownloadProperties.all,
            InjectMetadataProperties.all, ImageConversion.all, OsloConcurrency.all, OsloReports.all,
            OsloMessagingNotifications.all, OsloMessagingRabbit.all, OsloMessagingKafka.all,
            OsloMiddlewareTracing.all, Profiler.all, ProfilerJaeger.all, ProfilerOtlp.all, KeyManager.all,
            Barbican.all, BarbicanServiceUser.all, Vault.all,
        ].flatMap { $0 }
    }
}
