/// A pair of `glance-api` and `glance-manage`: ours, or one of the Python releases that we take the place of.
public struct Release: Sendable, CustomStringConvertible {
    public let name: String
    public let api: String
    public let manage: String

    public init(name: String, api: String, manage: String) {
        self.name = name
        self.api = api
        self.manage = manage
    }

    public var description: String { name }

    /// The executables under test: `GLANCE_API` and `GLANCE_MANAGE`, or what was built beside the tests.
    public static let ours = Release(
        name: "ours",
        api: Project.executable("glance-api", variable: "GLANCE_API"),
        manage: Project.executable("glance-manage", variable: "GLANCE_MANAGE"))

    /// Glance 33.0.0 under uWSGI.
    public static let glance33 = Release(
        name: "Glance 33",
        api: Project.support("glance33/glance-api"),
        manage: Project.support("glance33/glance-manage"))

    /// Glance 25.1 (Zed) as Debian 12 has it.
    public static let glance25 = Release(
        name: "Glance 25.1",
        api: Project.support("glance25/glance-api"),
        manage: Project.support("glance25/glance-manage"))
}
