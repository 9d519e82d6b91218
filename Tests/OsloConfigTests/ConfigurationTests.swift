import Testing

@testable import OsloConfig

@Suite struct ConfigurationTests {
    let scratch = Scratch()

    private func error(_ text: String) -> String? {
        do {
            _ = try Configuration(text: text, path: "a.conf")
            return nil
        } catch { return error.description }
    }

    @Test func defaultsHoldWhenNothingIsSet() throws {
        let configuration = try Configuration(text: "")
        #expect(configuration[Options.Default.bindHost] == "0.0.0.0")
        #expect(configuration[Options.Default.workers] == nil)
        #expect(configuration[Options.ImageFormat.containerFormats].contains("bare"))
        #expect(!configuration.isSet(Options.Default.bindHost))
        #expect(configuration.warnings.isEmpty && configuration.secrets.isEmpty)
    }

    @Test func aLaterOccurrenceWinsAndMultiValuesAddUp() throws {
        let configuration = try Configuration(
            text: """
                [DEFAULT]
                workers = 1
                [database]
                max_pool_size = 9
                [DEFAULT]
                workers = 2
                [glance_store]
                filesystem_store_datadirs = /a:1
                filesystem_store_datadirs = /b:2
                """)
        #expect(configuration[Options.Default.workers] == 2)
        #expect(configuration[Options.Database.maxPoolSize] == 9)
        #expect(configuration[Options.FileStore.filesystemStoreDatadirs] == ["/a:1", "/b:2"])
        #expect(configuration.isSet(Options.Default.workers))
    }

    @Test func environmentBeatsFilesAndTheCommandLineBeatsBoth() throws {
        let file = try scratch.write("a.conf", "[DEFAULT]\nworkers = 1\nbacklog = 1\n[database]\nmax_retries = 1\n")
        var sources = scratch.sources("glance-api", .file(file))
        sources.environment["OS_DEFAULT__WORKERS"] = "2"
        sources.environment["OS_DEFAULT__BACKLOG"] = "2"
        sources.environment["OS_DATABASE__MAX_RETRIES"] = "2"
        sources.overrides = [(group: "DEFAULT", option: "workers", value: "3")]
        let configuration = try Configuration.load(sources)
        #expect(configuration[Options.Default.workers] == 3)
        #expect(configuration[Options.Default.backlog] == 2)
        #expect(configuration[Options.Database.maxRetries] == 2)
    }

    @Test func oldNamesAreHonouredBelowTheNewNameOfTheSameFile() throws {
        let both = try Configuration(text: "[DEFAULT]\nlog_file = new\nlogfile = old\n", path: "a.conf")
        #expect(both[Options.Default.logFile] == "new")
        #expect(both.warnings == ["a.conf:3: this name is deprecated; the option is called [DEFAULT] log_file now"])
        let moved = try Configuration(text: "[DEFAULT]\ndisk_formats = raw\n")
        #expect(moved[Options.ImageFormat.diskFormats] == ["raw"])
        // A later file's old name beats an earlier file's new one, as in oslo.config.
        let first = try scratch.write("a.conf", "[DEFAULT]\nlog_file = new\n")
        let second = try scratch.write("b.conf", "[DEFAULT]\nlogfile = old\n")
        let later = try Configuration.load(scratch.sources("glance-api", .file(first), .file(second)))
        #expect(later[Options.Default.logFile] == "old")
    }

    @Test(arguments: [
        (
            "a.conf:2: [DEFAULT] workers = 'many' is not a whole number; allowed is a whole number, at least 0",
            "[DEFAULT]\nworkers = many"
        ),
        (
            "a.conf:2: [image_conversion] output_format = 'iso' is not an allowed value; allowed is one of qcow2, raw, vmdk",
            "[image_conversion]\noutput_format = iso"
        ),
        (
            "a.conf:3: [DEFAULT] debug = 'si' is neither true nor false; allowed is true or false",
            "[DEFAULT]\n\ndebug = si"
        ),
        (
            "a.conf:2: [keystone_authtoken] password = *** refers to an option that does not exist "
                + "(write $$ for a plain dollar sign); allowed is text", "[keystone_authtoken]\npassword = pa$word"
        ),
        (
            "a.conf:2: [DEFAULT] log_dir = '$log_file' refers to itself; allowed is text",
            "[DEFAULT]\nlog_dir = $log_file\nlog_file = $log_dir"
        ),
    ])
    func badValuesNameTheirPlaceAndWhatIsAllowed(message: String, text: String) {
        #expect(error(text) == message)
    }

    @Test(arguments: [
        ("$bind_host", "0.0.0.0"), ("${bind_host}:${bind_port}", "0.0.0.0:9292"), ("${database.max_retries}x", "10x"),
        ("$DATABASE.max_retries", "10"), ("a$$b\\$c", "a$b$c"), ("100$", "100$"), ("$1 ${", "$1 ${"),
        ("$log_date_format", "%Y-%m-%d %H:%M:%S"), ("$log_dir/x", "/var/0.0.0.0/x"),
    ])
    func dollarsRefer(text: String, value: String) throws {
        let configuration = try Configuration(text: "[DEFAULT]\npublic_endpoint = \(text)\nlog_dir = /var/$bind_host")
        #expect(configuration[Options.Default.publicEndpoint] == value)
    }

    @Test func aReferenceWithoutGroupMeansTheOwnGroupFirst() throws {
        let configuration = try Configuration(
            text:
                "[DEFAULT]\ntransport_url = outer\n[oslo_messaging_notifications]\ntransport_url = inner\ntopics = $transport_url"
        )
        #expect(configuration[Options.OsloMessagingNotifications.topics] == ["inner"])
    }

    @Test func storesReadTheirOwnGroupThenTheSharedOneThenTheDefault() throws {
        let configuration = try Configuration(
            text: """
                [DEFAULT]
                enabled_backends = Fast:file, web:http
                [backend_defaults]
                filesystem_store_chunk_size = 7
                filesystem_store_file_perm = 600
                [Fast]
                filesystem_store_datadir = /fast
                filesystem_store_file_perm = 640
                weight = 10
                [web]
                https_insecure = false
                [os_glance_staging_store]
                filesystem_store_datadir = /staging
                """)
        #expect(configuration[Options.Default.enabledBackends].keys == ["Fast", "web"])
        #expect(configuration.value(Options.FileStore.filesystemStoreDatadir, store: "Fast") == "/fast")
        #expect(configuration.value(Options.FileStore.filesystemStoreChunkSize, store: "Fast") == 7)
        #expect(configuration.value(Options.FileStore.filesystemStoreFilePerm, store: "Fast") == 0o640)
        #expect(configuration.value(Options.FileStore.filesystemStoreTimeout, store: "Fast") == 0)
        #expect(configuration.value(Options.Store.weight, store: "Fast") == 10)
        #expect(configuration.value(Options.HttpStore.httpsInsecure, store: "web") == false)
        #expect(
            configuration.value(Options.FileStore.filesystemStoreDatadir, store: "os_glance_staging_store")
                == "/staging")
        #expect(configuration.isSet(Options.FileStore.filesystemStoreChunkSize, store: "Fast"))
        #expect(!configuration.isSet(Options.Store.weight, store: "web"))
        #expect(configuration.warnings.isEmpty)
    }

    @Test func withoutBackendsEveryStoreReadsTheOneGroup() throws {
        let configuration = try Configuration(text: "[glance_store]\nfilesystem_store_datadir = /d")
        #expect(configuration.value(Options.FileStore.filesystemStoreDatadir, store: "file") == "/d")
        #expect(configuration.warnings.isEmpty)
    }

    @Test func badValuesInAStoresGroupAreFound() {
        #expect(
            error("[DEFAULT]\nenabled_backends = fast:file\n[fast]\nweight = heavy")
                == "a.conf:4: [fast] weight = 'heavy' is not a whole number; allowed is a whole number")
    }

    @Test func furtherOriginsInheritFromCors() throws {
        let configuration = try Configuration(
            text: "[cors]\nallowed_origin = http://a\nmax_age = 5\n[cors.B]\nallowed_origin = http://b")
        #expect(configuration.corsSections == ["cors.b"])
        #expect(configuration.value(Options.Cors.allowedOrigin, group: "cors.b") == ["http://b"])
        #expect(configuration.value(Options.Cors.maxAge, group: "cors.b") == 5)
    }

    @Test func anAuthSectionIsReadForTheTokenOptions() throws {
        let configuration = try Configuration(
            text: "[keystone_authtoken]\nauth_section = service\n[service]\nusername = glance\npassword = hidden1")
        #expect(configuration.value(Options.KeystoneAuthtoken.username, group: "service") == "glance")
        #expect(configuration.secrets == ["hidden1"])
        #expect(configuration.warnings.isEmpty)
    }

    @Test(arguments: [
        ("[DEFAULT]\nworker = 1", "a.conf:2: unknown option 'worker' in [DEFAULT] is ignored; did you mean 'workers'?"),
        (
            "[DEFAULT]\nconection = x",
            "a.conf:2: unknown option 'conection' in [DEFAULT] is ignored; did you mean 'connection' in [database]?"
        ),
        (
            "[DEFAULT]\nmax_pool_size = 1",
            "a.conf:2: unknown option 'max_pool_size' in [DEFAULT] is ignored; an option of this name belongs into [database]"
        ),
        ("[DEFAULT]\nscrubber_datadir = /x", "a.conf:2: unknown option 'scrubber_datadir' in [DEFAULT] is ignored"),
        ("[databse]\nconnection = x", "a.conf:1: unknown section [databse] is ignored; did you mean [database]?"),
        ("[default]\ndebug = true", "a.conf:1: unknown section [default] is ignored; did you mean [DEFAULT]?"),
        (
            "[DEFAULT]\nlocation_strategy = store_type",
            "a.conf:2: [DEFAULT] location_strategy does not exist any more and has no effect: "
                + "the weight of a store orders locations now"
        ),
        (
            "[DEFAULT]\npublish_errors = true",
            "a.conf:2: [DEFAULT] publish_errors is not honoured yet and has no effect"
        ),
        (
            "[DEFAULT]\npydev_worker_debug_host = h",
            "a.conf:2: [DEFAULT] pydev_worker_debug_host has no effect: there is no Python process to debug"
        ),
        (
            "[DEFAULT]\nenabled_backends = a:file\n[glance_store]\nfilesystem_store_datadir = /x",
            "a.conf:4: unknown option 'filesystem_store_datadir' in [glance_store] is ignored; "
                + "an option of this name belongs into [a]"
        ),
        (
            "[DEFAULT]\nenabled_backends = a:file\n[a]\nhttps_insecure = 1",
            "a.conf:4: unknown option 'https_insecure' in [a] is ignored; an option of this name belongs into [backend_defaults]"
        ),
    ])
    func whatHasNoEffectIsAWarning(text: String, warning: String) throws {
        #expect(try Configuration(text: text, path: "a.conf").warnings == [warning])
    }

    @Test func emptyUnknownSectionsAreNotWorthAWarning() throws {
        let configuration = try Configuration(text: "[glance.store.http.store]\n#a = b\n[x]\n[x]\na = 1\n[x]\nb = 1\n")
        #expect(configuration.warnings == ["glance-api.conf:3: unknown section [x] is ignored"])
    }

    @Test func removedGroupsWarnOncePerOption() throws {
        let configuration = try Configuration(text: "[oslo_messaging_amqp]\nidle_timeout = 3\n")
        #expect(configuration.warnings.count == 1)
    }

    @Test func unknownEnvironmentOptionsOfKnownGroupsWarn() throws {
        var sources = scratch.sources()
        sources.environment["OS_DATABASE__CONECTION"] = "x"
        sources.environment["OS_OTHER__THING"] = "x"
        sources.environment["OS_AUTH_URL"] = "x"
        #expect(
            try Configuration.load(sources).warnings == [
                "environment variable OS_DATABASE__CONECTION: unknown option 'conection' in [database] is ignored; "
                    + "did you mean 'connection'?"
            ])
    }

    @Test func secretsAreSecretOptionsAndPasswordsInURLs() throws {
        let configuration = try Configuration(
            text: """
                [database]
                connection = postgresql://glance:p%40ss@db/glance
                [keystone_authtoken]
                password = tops3cret
                www_authenticate_uri = http://user:inurl@keystone
                """)
        #expect(
            Set(configuration.secrets) == [
                "postgresql://glance:p%40ss@db/glance", "p%40ss", "p@ss", "tops3cret", "inurl",
            ])
    }
}
