import Identity
import ImageStore
import OsloConfig

/// The accounts that a store knows, by the references that locations name (`swift+config://REFERENCE/…`).
struct SwiftAccounts: Sendable, Equatable {
    /// `default_swift_reference`: whose account takes new images.
    var reference: String
    /// Whether the accounts are in a file of their own: then new locations name the reference and no credentials.
    var areInFile: Bool
    private var byReference: [String: SwiftAccount]

    init(reference: String, areInFile: Bool, accounts: [String: SwiftAccount]) {
        self.reference = reference
        self.areInFile = areInFile
        byReference = Dictionary(accounts.map { ($0.key.lowercased(), $0.value) }) { first, _ in first }
    }

    /// The account of new images.
    var standard: SwiftAccount? { self[reference] }
    var all: [SwiftAccount] { Array(byReference.values) }
    var isEmpty: Bool { byReference.isEmpty }

    /// Upper and lower case are the same.
    subscript(reference: String) -> SwiftAccount? { byReference[reference.lowercased()] }

    /// The account at an address, that of `user` where several are there.
    func account(at place: String, user: String?) -> SwiftAccount? {
        let found = all.filter { Self.isSame($0.place, place) }
        if let user { return found.first { $0.user == user } }
        return found.first { $0 == standard } ?? found.first
    }

    /// Addresses differ by the version at their end, which older releases wanted otherwise.
    static func isSame(_ one: String, _ other: String) -> Bool { bare(one) == bare(other) }

    private static func bare(_ place: String) -> Substring {
        var place = place[...]
        for version in ["/v3", "/v2.0"] where place.hasSuffix(version) { place = place.dropLast(version.count) }
        return place
    }
}

extension SwiftAccounts {
    private typealias Swift = Options.SwiftStore

    /// What the configuration says about the store `store`; reads `swift_store_config_file`. Blocks.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    init(configuration: Configuration, store: String) throws(StoreError) {
        let reference = configuration.value(Swift.defaultSwiftReference, store: store)
        let version = Self.version(configuration.value(Swift.swiftStoreAuthVersion, store: store))
        if let file = configuration.value(Swift.swiftStoreConfigFile, store: store), !file.isEmpty {
            self.init(
                reference: reference, areInFile: true, accounts: try Self.accounts(file, store: store, version: version)
            )
            guard standard != nil else {
                throw .badConfiguration(
                    "store \(store): default_swift_reference: swift_store_config_file has no section '\(reference)'")
            }
            return
        }
        let text = { (option: Option<String?>) in
            configuration.value(option, store: store).flatMap { $0.isEmpty ? nil : $0 }
        }
        var accounts: [String: SwiftAccount] = [:]
        if let address = text(Swift.swiftStoreAuthAddress) {
            let fields = [
                "auth_address": address, "user": text(Swift.swiftStoreUser), "key": text(Swift.swiftStoreKey),
                "application_credential_id": text(Swift.swiftStoreApplicationCredentialId),
                "application_credential_secret": text(Swift.swiftStoreApplicationCredentialSecret),
            ].compactMapValues { $0 }
            accounts[reference] = try Self.account(fields, version: version) { name in
                "store \(store): swift_store_\(name)"
            }
        }
        self.init(reference: reference, areInFile: false, accounts: accounts)
    }

    private static func accounts(
        _ file: String, store: String, version: SwiftAccount.Version
    ) throws(StoreError) -> [String: SwiftAccount] {
        let sections: [(name: String, values: [String: String])]
        do throws(ConfigurationError) {
            sections = try IniSections(path: file.hasPrefix("/") ? file : "/etc/glance/\(file)").sections
        } catch {
            throw .badConfiguration("store \(store): swift_store_config_file: \(error)")
        }
        var accounts: [String: SwiftAccount] = [:]
        let common = sections.first { $0.name == "DEFAULT" }?.values ?? [:]
        for (name, values) in sections where name != "DEFAULT" {
            let place = { (option: String) in "store \(store): swift_store_config_file: [\(name)] \(option)" }
            // As Python's reader of such files has it.
            let values = common.merging(values) { $1 }.mapValues { $0.replacing("%%", with: "%") }
            let version = values["auth_version"].map(Self.version) ?? version
            accounts[name] = try account(values, version: version, place)
        }
        return accounts
    }

    private static func account(
        _ fields: [String: String], version: SwiftAccount.Version, _ place: (String) -> String
    ) throws(StoreError) -> SwiftAccount {
        guard let address = fields["auth_address"], !address.isEmpty else {
            throw .badConfiguration("\(place("auth_address")): the URL of Keystone is missing")
        }
        let lowered = address.lowercased()
        guard lowered.hasPrefix("http://") || lowered.hasPrefix("https://"),
            !SwiftAccount.place(ofAddress: address).isEmpty, !address.contains("@")
        else { throw .badConfiguration("\(place("auth_address")): must be an http or https URL") }
        let credentials: SwiftAccount.Credentials
        switch (fields["application_credential_id"], fields["application_credential_secret"]) {
        case (let id?, let secret?): credentials = .applicationCredential(id: id, secret: secret)
        case (nil, nil):
            guard let user = fields["user"] else { throw .badConfiguration("\(place("user")): the user is missing") }
            guard let key = fields["key"] else { throw .badConfiguration("\(place("key")): the password is missing") }
            credentials = .password(user: user, key: key)
        default:
            throw .badConfiguration(
                "\(place("application_credential_id")): an application credential has an id and a secret")
        }
        var account = SwiftAccount(address: address, version: version, credentials: credentials)
        account.projectDomain = domain("project", fields)
        account.userDomain = domain("user", fields)
        if version == .v3, (try? account.keystone()) == nil {
            throw .badConfiguration("\(place("user")): must be of the form project:user")
        }
        return account
    }

    /// Version 2 has gone from Keystone; files that still name it mean version 3.
    private static func version(_ text: String) -> SwiftAccount.Version { text == "1" || text == "1.0" ? .v1 : .v3 }

    private static func domain(_ kind: String, _ fields: [String: String]) -> KeystoneSettings.Domain {
        if let id = fields["\(kind)_domain_id"], !id.isEmpty { return .id(id) }
        if let name = fields["\(kind)_domain_name"], !name.isEmpty { return .name(name) }
        return .id("default")
    }
}
