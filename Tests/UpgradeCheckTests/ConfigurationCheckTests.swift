import OsloConfig
import Testing

@testable import UpgradeCheck

/// What is seen in the configuration alone.
@Suite struct ConfigurationCheckTests {
    /// What an installer of the time of Zed writes, and a few slips.
    private static let zed = """
        [DEFAULT]
        bind_host = 0.0.0.0
        workers = 4
        enforce_secure_rbac = false
        allow_additional_image_properties = true
        location_strategy = location_order
        watch_log_file = false
        transport_url = rabbit://openstack:rabbitsecret@controller
        enable_backends = fast:file
        registry_host = 0.0.0.0
        logfile = /var/log/glance/api.log

        [database]
        connection = sqlite:///DIR/glance.sqlite
        mysql_enable_ndb = false

        [glance_store]
        stores = file,http
        default_store = file
        filesystem_store_datadir = DIR/images
        swift_store_auth_version = 2

        [store_type_location_strategy]
        store_type_preference =

        [oslo_policy]
        enforce_scope = false

        [task]
        task_executor = eventlet
        eventlet_executor_pool_size = 1000

        [paste_deploy]
        flavour = keystone

        [glance_stor]
        default_backend = fast

        """

    @Test func tellsWhatHappenedToTheOptionsOfZed() async throws {
        let site = try CheckedSite(Self.zed)
        let report = await site.check()
        let file = site.configurationFile
        #expect(
            report[.removedOptions].map { String($0.dropFirst("Warning: \(file):".count)) } == [
                "4: [DEFAULT] enforce_secure_rbac does not exist any more and has no effect: set [oslo_policy] enforce_new_defaults instead",
                "5: [DEFAULT] allow_additional_image_properties does not exist any more and has no effect: custom properties are always allowed",
                "6: [DEFAULT] location_strategy does not exist any more and has no effect: the weight of a store orders locations now",
                "7: [DEFAULT] watch_log_file does not exist any more and has no effect: log files are always watched for rotation",
                "15: [database] mysql_enable_ndb does not exist any more and has no effect: MySQL Cluster is not supported",
                "24: [store_type_location_strategy] store_type_preference does not exist any more and has no effect: the weight of a store orders locations now",
                "27: [oslo_policy] enforce_scope does not exist any more and has no effect: the scope of tokens is always enforced",
                "31: [task] eventlet_executor_pool_size does not exist any more and has no effect: set [taskflow_executor] max_workers",
            ])
        // The defaults that changed hit such a configuration.
        let changed = report[.changedDefaults]
        #expect(changed.count == 2 && changed.allSatisfy { $0.hasPrefix("Warning: ") })
        #expect(
            changed.first?.contains("[oslo_policy] enforce_new_defaults is not set; its default is true now") == true)
        #expect(report.outcome > .success)
    }

    @Test func namesWhatWasMeantByUnknownOptionsWithFileAndLine() async throws {
        let site = try CheckedSite(Self.zed)
        let report = await site.check()
        let file = site.configurationFile
        #expect(
            report[.unknownOptions] == [
                "Warning: \(file):36: unknown section [glance_stor] is ignored; did you mean [glance_store]?",
                "Warning: \(file):9: unknown option 'enable_backends' in [DEFAULT] is ignored; did you mean 'enabled_backends'?",
                "Warning: \(file):10: unknown option 'registry_host' in [DEFAULT] is ignored",
                "Warning: \(file):34: unknown option 'flavour' in [paste_deploy] is ignored; did you mean 'flavor'?",
            ])
        #expect(report[.deprecatedOptions].contains { $0.contains("glance-api.conf:11: this name is deprecated") })
        #expect(report[.unsupportedOptions].contains { $0.contains("[task] task_executor has no effect") })
        #expect(!report.text.contains("rabbitsecret"))
    }

    @Test func anUpToDateConfigurationHasNoComplaint() async throws {
        let site = try CheckedSite(
            """
            [oslo_policy]
            enforce_new_defaults = true
            [keystone_authtoken]
            service_token_roles_required = true
            """)
        let report = await site.check()
        for check in [
            CheckName.configuration, .unknownOptions, .removedOptions, .changedDefaults, .unsupportedOptions,
            .deprecatedOptions, .optionValues, .policy, .filePermissions, .log, .keystone, .tokenCache,
        ] {
            #expect(report.only(check).hasPrefix("Success: "), "\(check)")
        }
    }

    /// Fresh installations leave them out too: nothing has changed for those.
    @Test func changedDefaultsAreNoWarningWithoutATraceOfZed() async throws {
        let site = try CheckedSite("[DEFAULT]\n")
        #expect(await site.check()[.changedDefaults].map { $0.prefix(8) } == ["Success:", "Success:"])
    }

    @Test func reportsEveryValueThatCannotBeRead() async throws {
        let site = try CheckedSite("[DEFAULT]\nworkers = many\nbind_port = 70000\n[database]\nmax_retries = x\n")
        let report = await site.check()
        let file = site.configurationFile
        #expect(
            report[.configuration].map { String($0.prefix { $0 != ";" }) } == [
                "Failure: \(file):3: [DEFAULT] bind_port = '70000' is too large",
                "Failure: \(file):2: [DEFAULT] workers = 'many' is not a whole number",
                "Failure: \(file):5: [database] max_retries = 'x' is not a whole number",
            ])
        #expect(report.results.count == 3)
    }

    @Test(
        arguments: [
            ("[DEFAULT]\nhashing_algorithm = sha513", "Failure: [DEFAULT] hashing_algorithm"),
            ("[DEFAULT]\nlimit_param_default = 50\napi_limit_max = 20", "Warning: [DEFAULT] limit_param_default"),
            ("[DEFAULT]\npublic_endpoint = images.example", "Warning: [DEFAULT] public_endpoint"),
            ("[DEFAULT]\nbind_port = 0", "Warning: [DEFAULT] bind_port"),
            ("[DEFAULT]\nworkers = 300", "Warning: [DEFAULT] workers"),
            (
                "[DEFAULT]\nuse_keystone_limits = true\nuser_storage_quota = 1GB",
                "Warning: [DEFAULT] user_storage_quota"
            ),
            ("[DEFAULT]\nscrub_time = 60", "Warning: [DEFAULT] scrub_time"),
            (
                "[DEFAULT]\nenabled_backends = a:file\n[glance_store]\ndefault_backend = a\nstores = file",
                "Warning: [glance_store] stores"
            ),
            ("[DEFAULT]\nshow_multiple_locations = true", "Warning: [DEFAULT] show_multiple_locations"),
            ("[keystone_authtoken]\ninsecure = true", "Warning: [keystone_authtoken] insecure"),
            (
                "[keystone_authtoken]\nservice_token_roles_required = false",
                "Warning: [keystone_authtoken] service_token_roles_required"
            ),
            (
                "[image_import_opts]\nimage_import_plugins = [nonsense]",
                "Failure: [image_import_opts] image_import_plugins: there is no plugin 'nonsense'"
            ),
            ("[DEFAULT]\nmetadata_encryption_key = short", "Failure: [DEFAULT] metadata_encryption_key: a key has 16"),
            ("[key_manager]\nbackend = vault", "Warning: [key_manager] backend = vault"),
            (
                "[oslo_messaging_notifications]\ndriver = routing",
                "Warning: [oslo_messaging_notifications] driver = routing is not supported"
            ),
            (
                "[oslo_messaging_notifications]\ndriver = messagingv2\ntransport_url = kafka://host",
                "Failure: [oslo_messaging_notifications] transport_url is one of kafka://"
            ),
        ])
    func noticesValuesThatMakeNoSense(text: String, complaint: String) async throws {
        let site = try CheckedSite(text + "\n")
        #expect(await site.check().only(.optionValues).hasPrefix(complaint))
    }

    @Test func protectionsThatCannotBeUsedAreFailures() async throws {
        let site = try CheckedSite("[DEFAULT]\nproperty_protection_file = protections.conf\n")
        #expect(await site.check().only(.optionValues).hasPrefix("Failure: property_protection_file "))
        try site.write("protections.conf", "[a]\ncreate = @\n")
        #expect(await site.check().only(.optionValues).contains("protections.conf:1: [a] does not say who may read"))
    }

    @Test func readsThePasteFileAndThePolicy() async throws {
        let site = try CheckedSite("[paste_deploy]\nflavor = nonsense\n")
        try site.write("policy.yaml", "get_image: \"rule:a\"\na: \"rule:b\"\nb: \"rule:a\"\n")
        var report = await site.check()
        #expect(report.only(.pipeline).hasPrefix("Failure: "))
        #expect(report.only(.policy) == "Failure: policy rule \"a\" refers to itself through its references")
        try site.write("policy.yaml", "get_image: \"role:member and\"\n")
        report = await site.check()
        #expect(report.only(.policy).hasPrefix("Failure: policy rule \"get_image\""))
        try site.write("policy.yaml", "get_image: \"role:member\"\n")
        #expect(await site.check().only(.policy).hasPrefix("Success: the rules of \(site.directory)/policy.yaml"))
    }

    @Test func aPolicyFileOfOldIsNotReadWhichIsSaid() async throws {
        let site = try CheckedSite("[DEFAULT]\n")
        try site.write("policy.json", "{\"get_image\": \"!\"}")
        #expect(
            await site.check().only(.policy).hasPrefix("Warning: \(site.directory)/policy.json is not read any more"))
    }

    @Test func everybodyIsAnAdministratorWithoutKeystone() async throws {
        let site = try CheckedSite("[DEFAULT]\n")
        #expect(await site.check().only(.pipeline).contains("makes every client an administrator"))
    }

    @Test func secretsInAnOpenFileAreNoticed() async throws {
        let site = try CheckedSite("[DEFAULT]\n")
        try site.write("glance-api.conf", "[keystone_authtoken]\npassword = topsecretword\n", mode: 0o644)
        #expect(
            await site.check().only(.filePermissions)
                == "Warning: \(site.configurationFile) holds passwords and every user may read it; run: chmod o= \(site.configurationFile)"
        )
        try site.write("glance-api.conf", "[DEFAULT]\ndebug = false\n", mode: 0o644)
        #expect(await site.check().only(.filePermissions).hasPrefix("Success: "))
        try site.write("policy.yaml", "{}\n", mode: 0o666)
        #expect(
            await site.check().only(.filePermissions).contains("every user may write to \(site.directory)/policy.yaml"))
    }

    @Test func cacheWithoutTheNodesURLIsTold() async throws {
        let chosen = "image_cache_dir = /c\nimage_cache_driver = centralized_db"
        for (lines, word) in [(chosen, "Failure"), ("image_cache_dir = /c", "Warning")] {
            let site = try CheckedSite(
                "[DEFAULT]\n\(lines)\n[database]\nconnection = sqlite:///DIR/glance.sqlite\n"
                    + "[glance_store]\nfilesystem_store_datadir = DIR/images\n")
            let found = await site.check()[.optionValues].filter { $0.contains("worker_self_reference_url") }
            #expect(found.count == 1)
            #expect(found.allSatisfy { $0.hasPrefix(word) })
        }
    }
}
