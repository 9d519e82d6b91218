import ImageService

/// The resources that are about images: their routes in one list.
enum ImageResources {
    static func routes(
        service: ImageService, settings: ImageResourceSettings, transfers: TransferCount = TransferCount()
    ) -> [Route] {
        let schema = settings.schema
        return Images(service: service, settings: settings).routes
            + ImageActions(service: service).routes
            + ImageTags(service: TagService(service.common), schema: schema).routes
            + ImageMembers(service: MemberService(service.common)).routes
            + ImageData(service: service, transfers: transfers).routes
            + StoreImages(service: service).routes
            + Schemas(image: schema).routes
    }
}
