import ImageDatabase
import ImageImport
import ImageService
import MetadefService

/// All resources but the discovery: their routes in one list.
enum ImageResources {
    static func routes(
        service: ImageService, imports: ImportService, tasks: TaskService, locations: LocationService,
        metadefs: MetadefService, cache: CacheService,
        settings: ImageResourceSettings,
        transfers: TransferCount = TransferCount()
    ) -> [Route] {
        let schema = settings.schema
        return Images(service: service, imports: imports, settings: settings).routes
            + ImageActions(service: service).routes
            + ImageTags(service: TagService(service.common), schema: schema).routes
            + ImageMembers(service: MemberService(service.common)).routes
            + ImageData(service: service, transfers: transfers).routes
            + ImageImports(service: imports, transfers: transfers).routes
            + Tasks(service: tasks, imports: imports, limits: settings.pages).routes
            + ImageLocations(service: locations).routes
            + StoreImages(service: service).routes
            + MetadefNamespaces(service: metadefs, bodies: settings.metadefs, limits: settings.pages).routes
            + MetadefEntry.Kind.allCases.flatMap {
                MetadefEntries(kind: $0, service: metadefs, bodies: settings.metadefs, limits: settings.pages).routes
            }
            + Cache(service: cache).routes
            + Schemas(image: schema).routes
    }
}
