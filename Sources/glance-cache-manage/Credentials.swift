import ArgumentParser
import CommandOptions

/// Who asks: a token, or what gets one from Keystone. The environment has what the command line does not say.
struct Credentials: ParsableArguments, Sendable {
    @ArgumentParser.Option(
        name: [
            .customLong("os-auth-token"), .customLong("os_auth_token"), .customLong("auth_token"), .customShort("A"),
        ],
        help: ArgumentHelp("OS_AUTH_TOKEN or OS_TOKEN.", valueName: "token"))
    var token: String?
    @ArgumentParser.Option(
        name: [.customLong("os-username"), .customLong("os_username"), .customShort("I")],
        help: ArgumentHelp("OS_USERNAME.", valueName: "name"))
    var user: String?
    @ArgumentParser.Option(
        name: [.customLong("os-password"), .customLong("os_password"), .customShort("K")],
        help: ArgumentHelp("OS_PASSWORD.", valueName: "password"))
    var password: String?
    @ArgumentParser.Option(
        name: [.customLong("os-region-name"), .customLong("os_region_name"), .customShort("R")],
        help: ArgumentHelp("Accepted, but without effect: --host says which node is meant.", valueName: "region"))
    var region: String?
    @ArgumentParser.Option(
        name: [.customLong("os-project-id"), .customLong("os_project_id")],
        help: ArgumentHelp("OS_PROJECT_ID.", valueName: "id"))
    var projectID: String?
    @ArgumentParser.Option(
        name: [.customLong("os-project-name"), .customLong("os_project_name"), .customShort("T")],
        help: ArgumentHelp("OS_PROJECT_NAME.", valueName: "name"))
    var project: String?
    @ArgumentParser.Option(help: ArgumentHelp("OS_USER_DOMAIN_ID.", valueName: "id"))
    var osUserDomainId: String?
    @ArgumentParser.Option(help: ArgumentHelp("OS_PROJECT_DOMAIN_ID.", valueName: "id"))
    var osProjectDomainId: String?
    @ArgumentParser.Option(help: ArgumentHelp("OS_DOMAIN_ID, for both domains.", valueName: "id"))
    var osDomainId: String?
    @ArgumentParser.Option(
        name: [.customLong("os-auth-url"), .customLong("os_auth_url"), .customShort("N")],
        help: ArgumentHelp("OS_AUTH_URL.", valueName: "url"))
    var url: String?
    @ArgumentParser.Option(
        name: [.customLong("os_auth_strategy"), .customShort("S")],
        help: ArgumentHelp("keystone or noauth; with an address of Keystone it is keystone.", valueName: "strategy"))
    var strategy: String?
}
