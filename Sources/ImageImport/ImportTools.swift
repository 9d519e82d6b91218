import Authorization
import Identity
import ImageDatabase
public import ImageService
public import ImportPlugins
public import ImportSources
public import Staging

/// What all imports of a process work with.
public struct ImportTools: Sendable {
    public let service: ImageService
    let settings: ImportSettings
    let staging: StagingDirectory?
    let plugins: ImportPluginChain
    let webDownload: WebDownload
    let glanceDownload: GlanceDownload
    private let seal: CredentialSeal?

    public init(
        service: ImageService, settings: ImportSettings, staging: StagingDirectory?, sources: ImportSourceSettings,
        plugins: ImportPluginChain, seal: CredentialSeal?
    ) {
        self.service = service
        self.settings = settings
        self.staging = staging
        self.plugins = plugins
        self.seal = seal
        webDownload = WebDownload(sources)
        glanceDownload = GlanceDownload(sources)
    }

    func credentials(of job: ImportJob) -> JobCredentials? {
        job.credentials.flatMap { seal?.open($0, job: job.taskID) }
    }

    /// The user who has asked, as far as that can still be told.
    func caller(of job: ImportJob, _ task: ImageTask) -> Caller {
        let credentials = credentials(of: job)
        var identity = AuthContext(userID: task.userID ?? "", projectID: task.owner, roles: job.roles)
        identity.serviceCatalog = credentials?.catalog
        return Caller(
            identity: identity, project: task.owner, isAdmin: false, requestID: task.requestID ?? "",
            token: credentials?.token)
    }
}
