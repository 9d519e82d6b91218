import OsloConfig
import Testing

@testable import ImportPlugins

@Suite struct InjectedMetadataTests {
    @Test func ignoredRolesGetNothing() {
        let metadata = InjectedMetadata(properties: ["a": "1", "os_glance_x": "2"], ignoredRoles: ["Admin"])
        #expect(metadata.properties(forRoles: ["member"]) == ["a": "1"])
        #expect(metadata.properties(forRoles: []) == ["a": "1"])
        #expect(metadata.properties(forRoles: ["member", "admin"]) == [:])
    }

    @Test func pluginsAreTakenInTheirOrder() throws {
        let configuration = try Configuration(
            text: """
                [image_import_opts]
                image_import_plugins = ['image_conversion', no_op, inject_image_metadata, image_conversion]
                """)
        #expect(try ImportPluginName.configured(configuration) == [.conversion, .injectMetadata])
        #expect(try ImportPluginName.configured(Configuration(text: "")) == [])
    }

    @Test func unknownPluginsAreRefused() throws {
        let configuration = try Configuration(text: "[image_import_opts]\nimage_import_plugins = [image_covnersion]")
        let error = #expect(throws: ImportPluginName.Unknown.self) { try ImportPluginName.configured(configuration) }
        #expect(error?.description.contains("image_covnersion") == true)
    }
}
