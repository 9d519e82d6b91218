// swift-tools-version:6.2
import PackageDescription

// One target is one module (docs/architecture.md). A module may only depend on modules below it;
// Tests/ArchitectureTests fails when the table there and this file differ, or an import is not declared here.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // Here, and not a flag of `make lint`: another flag would compile everything a second time. Release builds are spared,
    // so that a newer compiler's new warnings do not keep anybody from building one.
    .treatAllWarnings(as: .error, .when(configuration: .debug)),
]

/// For what lies on the path of a request: its functions stay where they are called, and do not ask which executor they belong to.
let onPath = strict + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "openstack-glance",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "glance-api", targets: ["glance-api"]),
        .executable(name: "glance-cache-manage", targets: ["glance-cache-manage"]),
        .executable(name: "glance-manage", targets: ["glance-manage"]),
        .executable(name: "glance-mount", targets: ["glance-mount"]),
        .executable(name: "glance-scrubber", targets: ["glance-scrubber"]),
        .executable(name: "glance-status", targets: ["glance-status"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
    ],
    targets: [
        // Executables: argument parsing and one call each.
        .executableTarget(
            name: "glance-api",
            dependencies: [
                "Supervisor", "Scoreboard", "GlanceWorker", "HTTPServer", "Importer", "CacheKeeper", "Scrubber",
                "UnifiedLimits",
                "UpgradeCheck",
                "CommandOptions",
                "OsloConfig", "OsloLog", argumentParser, logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "glance-cache-manage",
            dependencies: [
                "CacheKeeper", "OutgoingHTTP", "CommandOptions", "OsloConfig", "OsloLog", "JSON", "TextCoding",
                argumentParser, logging, nioCore, nioPosix,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "glance-manage",
            dependencies: [
                "JSON", "TextCoding", "ImageDatabase", "CommandOptions", "OsloConfig", "OsloLog", argumentParser,
                logging,
            ],
            swiftSettings: strict),

        .executableTarget(name: "glance-mount", dependencies: ["NFSMount"], swiftSettings: strict),
        .executableTarget(
            name: "glance-scrubber",
            dependencies: ["Threads", "Scrubber", "CommandOptions", "OsloConfig", "OsloLog", argumentParser, logging],
            swiftSettings: strict),
        .executableTarget(
            name: "glance-status",
            dependencies: ["UpgradeCheck", "CommandOptions", argumentParser, logging],
            swiftSettings: strict),

        // The process.
        .target(
            name: "Supervisor",
            dependencies: ["Threads", "Systemd", "Scoreboard", "OsloConfig", "Events", "CLinux", logging],
            swiftSettings: strict),
        .target(
            name: "UpgradeCheck",
            dependencies: [
                "Notifications", "Authorization", "ImageModel", "Cryptography", "JSON", "ImageAPI", "ImageCache",
                "ImageService",
                "ImageSignature",
                "ImportPlugins", "UnifiedLimits",
                "ImageDatabase",
                "ImageStore",
                "StoreDrivers",
                "FileDriver",
                "Identity", "Scoreboard", "OsloConfig", "OsloLog", nioPosix, logging,
            ],
            swiftSettings: strict),
        .target(
            name: "Scrubber",
            dependencies: [
                "Processes", "Scoreboard",
                "TextCoding", "ImageDatabase", "ImageStore", "StoreDrivers", "Staging", "ImageModel", "OsloConfig",
                "Events", logging,
            ],
            swiftSettings: strict),
        .target(
            name: "GlanceWorker",
            dependencies: [
                "Notifications", "Authorization", "UnifiedLimits", "OutgoingHTTP", "ImageAPI", "ImageCache",
                "ImageService",
                "ImageSignature",
                "ImageImport", "ImportPlugins", "ImportSources", "MetadefService", "Staging",
                "ImageDatabase",
                "ImageStore",
                "StoreDrivers",
                "HTTPServer",
                "Identity", "OsloPolicy", "Scoreboard", "OsloConfig", nioCore, nioPosix,
                logging,
            ],
            swiftSettings: strict),

        .target(
            name: "Importer",
            dependencies: [
                "Notifications", "Authorization", "UnifiedLimits", "ImageImport", "ImageService", "ImageSignature",
                "ImportPlugins",
                "ImportSources", "ImageDatabase", "StoreDrivers", "Staging", "ImageStore", "OsloConfig", "Events",
                "Scoreboard", "TextCoding", "Threads", nioCore, nioPosix, logging,
            ],
            swiftSettings: strict),

        .target(
            name: "CacheKeeper",
            dependencies: [
                "ImageService", "ImageCache", "ImageDatabase", "ImageModel", "StoreDrivers", "ImageStore", "OsloConfig",
                "Events", "Scoreboard", "Threads", logging,
            ],
            swiftSettings: strict),

        // The HTTP surface.
        .target(
            name: "ImageAPI",
            dependencies: [
                "Authorization", "JSON", "TextCoding", "ImageImport", "ImageService", "MetadefService", "ImageModel",
                "ImageDatabase",
                "ImageStore", "HTTPServer",
                "OsloConfig", "Identity",
                "Events", "CZlib",
                hummingbird, nioCore, nioPosix, logging,
            ],
            swiftSettings: onPath),
        .target(
            name: "HTTPServer",
            dependencies: [
                "TextCoding", "CLinux", hummingbird, nioCore, nioPosix, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: onPath),

        // What an operation does.
        .target(
            name: "ImageService",
            dependencies: [
                "Processes", "Notifications",
                "JSON", "TextCoding", "Cryptography", "Authorization", "ImageModel", "ImageFormat", "UnifiedLimits",
                "ImageDatabase", "ImageCache", "ImageStore", "ImageSignature", "ExternalHTTP", "OsloConfig", "Events",
                nioCore, nioPosix, logging,
            ],
            swiftSettings: onPath),
        .target(
            name: "Authorization",
            dependencies: ["OsloPolicy", "Identity", "ImageModel", "OsloConfig", logging],
            swiftSettings: onPath),
        .target(name: "ImageFormat", swiftSettings: strict),
        .target(name: "ImageModel", dependencies: ["JSON", "TextCoding"], swiftSettings: strict),
        .target(
            name: "UnifiedLimits",
            dependencies: [
                "Scoreboard",
                "JSON", "TextCoding", "Identity", "ImageDatabase", "OsloConfig", "Events", nioCore,
                nioPosix, logging,
            ],
            swiftSettings: strict),
        .target(
            name: "ImageDatabase",
            dependencies: [
                "Processes", "Scoreboard", "Threads", "JSON", "TextCoding", "Cryptography", "ImageModel", "OsloConfig",
                "Events",
                "CLibpq", "CSQLite", "CLinux",
                logging,
            ],
            swiftSettings: onPath),
        .target(
            name: "ImageStore",
            dependencies: ["Scoreboard", "JSON", "ImageModel", "OsloConfig", "Events", nioCore, nioPosix, logging],
            swiftSettings: strict),
        .target(
            name: "ImageCache",
            dependencies: [
                "ImageDatabase", "ImageStore", "ImageModel", "OsloConfig", "Events", "Cryptography", "TextCoding",
                "CLinux",
                nioCore, logging,
            ],
            swiftSettings: strict),
        .target(
            name: "StoreDrivers",
            dependencies: [
                "FileDriver", "HTTPDriver", "RBDDriver", "S3Driver", "SwiftDriver", "VMwareDriver", "CinderDriver",
                "ImageStore",
            ],
            swiftSettings: strict),
        .target(
            name: "SwiftDriver",
            dependencies: [
                "Identity", "OutgoingHTTP", "JSON", "TextCoding", "ImageStore", "ImageModel", "OsloConfig", nioCore,
                nioPosix, logging, .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "FileDriver",
            dependencies: ["JSON", "ImageStore", "ImageModel", "OsloConfig", "CLinux", nioCore, logging],
            swiftSettings: strict),
        .target(
            name: "RBDDriver",
            dependencies: ["RBD", "JSON", "TextCoding", "ImageStore", "ImageModel", "OsloConfig", nioCore],
            swiftSettings: strict),
        .target(name: "NFSMount", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "RBD", dependencies: ["Threads", "ImageStore", nioCore, nioPosix], swiftSettings: strict),
        .target(
            name: "HTTPDriver",
            dependencies: [
                "OutgoingHTTP", "JSON", "ImageStore", "ImageModel", "ExternalHTTP", "OsloConfig", nioCore,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "CinderDriver",
            dependencies: [
                "Processes", "RBD", "NFSMount", "Identity", "OutgoingHTTP", "JSON", "TextCoding", "Cryptography",
                "ImageStore",
                "ImageModel", "OsloConfig", "CLinux", nioCore,
                nioPosix, logging, .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "VMwareDriver",
            dependencies: [
                "OutgoingHTTP", "XML", "JSON", "TextCoding", "ImageStore", "ImageModel", "OsloConfig", nioCore,
                nioPosix,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "S3Driver",
            dependencies: [
                "OutgoingHTTP", "JSON", "XML", "Cryptography", "TextCoding", "ImageStore", "ImageModel", "OsloConfig",
                nioCore, nioPosix, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "ImageSignature",
            dependencies: [
                "TextCoding", "JSON", "Identity", "OutgoingHTTP", "OsloConfig", "CCrypto", nioCore,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "MetadefService",
            dependencies: [
                "Notifications", "JSON", "TextCoding", "Authorization", "ImageDatabase", "OsloPolicy",
            ],
            swiftSettings: strict),
        .target(
            name: "ImageImport",
            dependencies: [
                "Processes", "Authorization", "Cryptography", "ImageFormat", "ImageService", "ImageSignature",
                "ImportPlugins",
                "ImportSources", "ExternalHTTP",
                "UnifiedLimits", "ImageDatabase", "Staging", "ImageStore", "ImageModel", "Identity", "OsloConfig",
                "JSON", "TextCoding", nioCore, logging,
            ],
            swiftSettings: strict),
        .target(
            name: "ImportSources",
            dependencies: [
                "TextCoding", "JSON", "Cryptography", "OsloConfig", "Identity", "ExternalHTTP", nioCore,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "ImportPlugins", dependencies: ["JSON", "ImageFormat", "OsloConfig", "CLinux", "CZlib", nioPosix],
            swiftSettings: strict),
        .target(
            name: "Staging", dependencies: ["TextCoding", "FileDriver", "ImageStore", "OsloConfig"],
            swiftSettings: strict),
        .target(
            name: "ExternalHTTP",
            dependencies: [
                "TextCoding", "Cryptography", "OsloConfig", "OutgoingHTTP", "CLinux", nioCore, nioPosix,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "Identity",
            dependencies: [
                "JSON", "TextCoding", "Cryptography", "OsloConfig", "OutgoingHTTP", "Events", nioCore,
                nioPosix, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: onPath),
        .target(
            name: "OsloPolicy",
            dependencies: ["JSON", "TextCoding", "OutgoingHTTP", "CLibyaml", nioCore, logging],
            swiftSettings: onPath),

        .target(
            name: "OutgoingHTTP",
            dependencies: [
                "TextCoding", asyncHTTPClient, nioCore, nioPosix, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),

        .target(
            name: "Notifications",
            dependencies: [
                "OsloConfig", "Events", "JSON", "TextCoding", "Threads", "CRabbitMQ", "CLinux", logging,
            ],
            swiftSettings: strict),

        // What everything stands on.
        .target(name: "CommandOptions", dependencies: ["OsloConfig", argumentParser], swiftSettings: strict),
        .target(name: "OsloConfig", dependencies: ["TextCoding"], swiftSettings: strict),
        .target(
            name: "OsloLog", dependencies: ["Threads", "JSON", "OsloConfig", "Events", "Systemd", "CLinux", logging],
            swiftSettings: strict),
        .target(name: "Threads", swiftSettings: strict),
        .target(name: "Processes", swiftSettings: strict),
        .target(name: "JSON", dependencies: ["TextCoding"], swiftSettings: strict),
        .target(name: "XML", swiftSettings: strict),
        .target(name: "Cryptography", dependencies: ["TextCoding", "CCrypto"], swiftSettings: strict),
        .target(name: "TextCoding", swiftSettings: strict),
        .target(name: "Events", dependencies: [logging], swiftSettings: strict),
        .target(name: "Systemd", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "Scoreboard", dependencies: ["CLinux"], swiftSettings: strict),

        // System libraries and the thinnest shims.
        .target(name: "CLinux"),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibyaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),

        // Tests mirror Sources; Integration starts the real servers.
        .testTarget(name: "ArchitectureTests", swiftSettings: strict),
        .testTarget(
            name: "OutgoingHTTPTests",
            dependencies: [
                "OutgoingHTTP", "TestSupport", nioCore, nioPosix,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        .testTarget(name: "ThreadsTests", dependencies: ["Threads"], swiftSettings: strict),
        .testTarget(
            name: "NotificationsTests",
            dependencies: [
                "Notifications", "Events", "JSON", "TextCoding", "OsloConfig", "TestSupport", logging,
            ],
            swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(name: "XMLTests", dependencies: ["XML"], swiftSettings: strict),
        .testTarget(name: "TextCodingTests", dependencies: ["TextCoding"], swiftSettings: strict),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography", "TextCoding"], swiftSettings: strict),
        .testTarget(name: "OsloConfigTests", dependencies: ["OsloConfig"], swiftSettings: strict),
        .testTarget(
            name: "OsloLogTests", dependencies: ["OsloLog", "Events", "OsloConfig", "TestSupport", logging],
            swiftSettings: strict),
        .testTarget(
            name: "OsloPolicyTests",
            dependencies: [
                "OutgoingHTTP", "OsloPolicy", nioCore, nioPosix, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "IdentityTests",
            dependencies: [
                "OutgoingHTTP", "JSON", "TextCoding", "Identity", "OsloConfig", "Events", "TestSupport", nioCore,
                nioPosix, logging,
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ImageFormatTests", dependencies: ["ImageFormat", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "ImageModelTests", dependencies: ["TextCoding", "ImageModel"], swiftSettings: strict),
        .testTarget(
            name: "ImageDatabaseTests",
            dependencies: ["Processes", "TextCoding", "ImageDatabase", "ImageModel", "Events", "TestSupport", logging],
            exclude: ["Schemas"],
            swiftSettings: strict),
        .testTarget(
            name: "ImageStoreTests",
            dependencies: [
                "OutgoingHTTP", "JSON", "ImageStore", "StoreDrivers", "FileDriver", "HTTPDriver", "RBDDriver", "RBD",
                "S3Driver", "SwiftDriver",
                "VMwareDriver", "CinderDriver", "NFSMount", "glance-mount", "Identity", "TextCoding",
                "ImageModel",
                "ExternalHTTP",
                "OsloConfig",
                "TestSupport", nioCore, nioPosix, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CinderDriverTests",
            dependencies: ["Processes", "CinderDriver", "NFSMount", "JSON", "ImageStore", "OsloConfig", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "NFSMountTests", dependencies: ["NFSMount", "glance-mount", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "VMwareDriverTests", dependencies: ["VMwareDriver", "ImageStore", "OsloConfig", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "S3DriverTests",
            dependencies: [
                "S3Driver", "OutgoingHTTP", "ImageStore", "ImageModel", "OsloConfig", "TextCoding", "TestSupport",
                nioCore, nioPosix, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SwiftDriverTests",
            dependencies: [
                "SwiftDriver", "Identity", "ImageStore", "ImageModel", "OsloConfig", "TestSupport", nioCore, nioPosix,
                logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ImageCacheTests",
            dependencies: [
                "ImageCache", "CacheKeeper", "ImageService", "ImageDatabase", "ImageModel", "ImageStore",
                "StoreDrivers",
                "Cryptography", "Events", "OsloConfig", "TextCoding", "TestSupport", nioCore, nioPosix, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ExternalHTTPTests",
            dependencies: [
                "OutgoingHTTP", "ExternalHTTP", "OsloConfig", "TestSupport", nioCore,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ImageSignatureTests",
            dependencies: [
                "ImageSignature", "Cryptography", "OsloConfig", "TestSupport", nioCore, nioPosix,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ImageImportTests",
            dependencies: [
                "Processes", "Notifications", "ImageImport", "ImageService", "ImportPlugins", "ImportSources",
                "Authorization",
                "Identity",
                "ImageDatabase",
                "ImageModel", "ImageStore", "Staging", "StoreDrivers", "OsloConfig", "OsloPolicy", "JSON",
                "TestSupport",
                nioCore, nioPosix, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ImportSourcesTests",
            dependencies: ["ImportSources", "ExternalHTTP", "OsloConfig", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ImportPluginsTests", dependencies: ["ImageFormat", "ImportPlugins", "OsloConfig", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "AuthorizationTests",
            dependencies: [
                "Authorization", "Identity", "ImageModel", "OsloConfig", "OsloPolicy", "TestSupport", logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ImageServiceTests",
            dependencies: [
                "Processes", "Notifications",
                "Identity", "Authorization", "JSON", "TextCoding", "Cryptography", "ImageFormat", "ImageService",
                "ImageModel",
                "ImageSignature",
                "ImageDatabase", "ImageStore",
                "StoreDrivers", "OsloConfig", "OsloPolicy",
                "Events",
                "TestSupport", nioCore, nioPosix, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HTTPServerTests",
            dependencies: [
                "HTTPServer", hummingbird, asyncHTTPClient, nioCore, nioPosix, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ImageAPITests",
            dependencies: [
                "Notifications", "TestSupport", "Authorization", "JSON", "TextCoding", "ImageAPI", "ImageCache",
                "ImageImport", "ImageService", "ImportSources",
                "MetadefService", "ImageModel", "ImageDatabase", "ImageStore", "Staging", "StoreDrivers", "OsloConfig",
                "OsloPolicy",
                "HTTPServer", "Identity", "Events", "UnifiedLimits", "CZlib", hummingbird, nioCore, nioPosix, logging,
            ],
            swiftSettings: strict),
        .testTarget(name: "SystemdTests", dependencies: ["Systemd", "TestSupport"], swiftSettings: strict),
        .executableTarget(
            name: "SupervisedEcho", dependencies: ["Supervisor", "Scoreboard", logging], path: "Tests/SupervisedEcho",
            swiftSettings: strict),
        .testTarget(
            name: "SupervisorTests",
            dependencies: ["Supervisor", "Scoreboard", "SupervisedEcho", nioCore, nioPosix],
            swiftSettings: strict),
        .testTarget(name: "GlanceManageTests", dependencies: ["glance-manage"], swiftSettings: strict),
        .testTarget(name: "EventsTests", dependencies: ["Events", logging], swiftSettings: strict),
        .testTarget(
            name: "ScrubberTests",
            dependencies: [
                "Processes", "Scoreboard",
                "JSON", "TextCoding", "Scrubber", "glance-scrubber", "ImageDatabase", "ImageStore", "StoreDrivers",
                "ImageModel", "Events",
                "OsloConfig",
                "TestSupport", nioCore, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "UnifiedLimitsTests",
            dependencies: [
                "Scoreboard",
                "TextCoding", "UnifiedLimits", "ImageDatabase", "ImageModel", "Identity", "OsloConfig", "Events",
                "TestSupport",
                asyncHTTPClient, nioCore, nioPosix, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "UpgradeCheckTests",
            dependencies: [
                "TextCoding", "UpgradeCheck", "ImageDatabase", "ImageModel", "OsloConfig", "TestSupport",
                "glance-status",
                "glance-api", logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "GlanceWorkerTests",
            dependencies: ["GlanceWorker", "ImageDatabase", "OsloConfig", "HTTPServer", "TestSupport", logging],
            swiftSettings: strict),
        .testTarget(name: "CommandOptionsTests", dependencies: ["CommandOptions"], swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["TestSupport", asyncHTTPClient, subprocess, nioCore],
            path: "Tests/Integration",
            exclude: ["clients.py", "install-guide"],
            swiftSettings: strict),

        // `make bench`
        .executableTarget(
            name: "glance-bench",
            dependencies: ["TestSupport"],
            path: "Benchmarks",
            swiftSettings: strict),

        // Real servers, and ours and Python's Glance in their place; for the integration tests and the benchmarks.
        .target(
            name: "TestSupport",
            dependencies: [
                "Notifications", "Events", asyncHTTPClient, subprocess, nioCore, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Support/TestSupport",
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
