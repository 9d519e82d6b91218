import Cryptography
import ImageCache
import ImageDatabase
import ImageService
import ImageSignature
import ImportPlugins
import Notifications
import OsloConfig

/// Values that are allowed one by one, but make no sense together or weaken the service.
struct OptionValuesCheck: Check {
    let name = CheckName.optionValues
    let configuration: Configuration

    private typealias Default = Options.Default
    private typealias Authtoken = Options.KeystoneAuthtoken

    func run() async -> [Finding] {
        let findings =
            [
                hash, pageSize, publicEndpoint, port, workers, quota, scrubTime, singleStore, locations, certificates,
                serviceRoles, protections, encryption, plugins, keyManager, cache,
            ].compactMap { $0 } + notifications
        return findings.isEmpty ? [.success("nothing contradicts itself")] : findings
    }

    private var hash: Finding? {
        let algorithm = configuration[Default.hashingAlgorithm]
        if Digest.isUsable(algorithm) { return nil }
        return .failure(
            "[DEFAULT] hashing_algorithm = \(algorithm) is not a hash of this system's OpenSSL; sha512 is",
            .valueError)
    }

    private var cache: Finding? {
        do throws(ConfigurationError) {
            let warnings = try CacheSettings(configuration)?.warnings ?? []
            return warnings.isEmpty ? nil : .warning(warnings.joined(separator: "; "))
        } catch {
            return .failure("[DEFAULT] \(error)", .configFileValueError)
        }
    }

    private var pageSize: Finding? {
        let (page, most) = (configuration[Default.limitParamDefault], configuration[Default.apiLimitMax])
        if page <= most { return nil }
        return .warning("[DEFAULT] limit_param_default = \(page) is cut to api_limit_max = \(most)")
    }

    private var publicEndpoint: Finding? {
        guard let url = configuration[Default.publicEndpoint], !url.isEmpty else { return nil }
        let lowered = url.lowercased()
        if lowered.hasPrefix("http://") || lowered.hasPrefix("https://") { return nil }
        return .warning("[DEFAULT] public_endpoint = \(url) is not an http or https URL; clients get it in links")
    }

    private var port: Finding? {
        configuration[Default.bindPort] == 0
            ? .warning("[DEFAULT] bind_port = 0 takes another port at every start; clients expect 9292") : nil
    }

    private var workers: Finding? {
        guard let workers = configuration[Default.workers], workers > 256 else { return nil }
        return .warning("[DEFAULT] workers = \(workers) is more than the 256 that are started")
    }

    private var quota: Finding? {
        guard configuration[Default.useKeystoneLimits], configuration[Default.userStorageQuota] > 0 else { return nil }
        return .warning("[DEFAULT] user_storage_quota has no effect beside use_keystone_limits")
    }

    private var scrubTime: Finding? {
        guard configuration[Default.scrubTime] > 0, !configuration[Default.delayedDelete] else { return nil }
        return .warning("[DEFAULT] scrub_time has no effect without delayed_delete")
    }

    private var singleStore: Finding? {
        typealias Store = Options.GlanceStore
        guard !configuration[Default.enabledBackends].isEmpty else { return nil }
        let isSet = configuration.isSet(Store.stores) || configuration.isSet(Store.defaultStore)
        return isSet
            ? .warning("[glance_store] stores and default_store have no effect beside [DEFAULT] enabled_backends") : nil
    }

    private var locations: Finding? {
        configuration[Default.showMultipleLocations]
            ? .warning(
                "[DEFAULT] show_multiple_locations = true lets whoever may change an image put other data behind it; "
                    + "keep it to an internal endpoint, or restrict set_image_location by policy") : nil
    }

    private var certificates: Finding? {
        configuration[Authtoken.insecure]
            ? .warning("[keystone_authtoken] insecure = true: anybody between here and Keystone can give out tokens")
            : nil
    }

    private var serviceRoles: Finding? {
        configuration[Authtoken.serviceTokenRolesRequired]
            ? nil
            : .warning(
                "[keystone_authtoken] service_token_roles_required = false: any valid token counts as a service's")
    }

    /// A file of property protections that cannot be used ends the start.
    private var protections: Finding? {
        do throws(PropertyProtection.Problem) {
            _ = try PropertyProtection(configuration, authorization: nil)
            return nil
        } catch {
            return .failure(error.description, .configFileValueError)
        }
    }

    private var plugins: Finding? {
        do throws(ImportPluginName.Unknown) {
            let plugins = try ImportPluginName.configured(configuration)
            guard plugins.contains(.conversion), !ImageConversion.isAvailable else { return nil }
            return .warning(
                "[image_import_opts] image_import_plugins: image_conversion needs qemu-img, which is not installed")
        } catch {
            return .failure(error.description, .configFileValueError)
        }
    }

    private var notifications: [Finding] {
        do throws(NotificationSettingsError) {
            return try NotificationSettings(configuration).warnings.map { .warning($0) }
        } catch {
            return [.failure(error.description, .configFileValueError)]
        }
    }

    private var keyManager: Finding? {
        let settings = KeyManagerSettings(configuration)
        if settings.isBarbican { return nil }
        return .warning(
            "[key_manager] backend = \(configuration[Options.KeyManager.backend]) is not supported: signed images are refused, "
                + "and keys of encrypted images stay; barbican is")
    }

    private var encryption: Finding? {
        do throws(LocationCipher.UnusableKey) {
            _ = try LocationCipher(configuration)
            return nil
        } catch {
            return .failure(error.description, .configFileValueError)
        }
    }
}
