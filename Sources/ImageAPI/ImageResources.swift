import ImageImport
import ImageService

/// The resources that are about images: their routes in one list.
enum ImageResources {
    static func routes(
        service: ImageService, imports: ImportService, tasks: TaskService, settings: ImageResourceSettings,
        transfers: TransferCount = TransferCount()
    ) -> [Route] {
        let schema = settings.schema
        return Images(service: service, settings: settings, importMethods: imports.settings.methods).routes
            + ImageActions(service: service).routes
            + ImageTags(service: TagService(service.common), schema: schema).routes
            + ImageMembers(service: MemberService(service.common)).routes
            + ImageData(service: service, transfers: transfers).routes
            + ImageImports(service: imports, transfers: transfers).routes
            + Tasks(service: tasks, imports: imports, limits: settings.pages).routes
            + StoreImages(service: service).routes
            + Schemas(image: schema).routes
    }
}
