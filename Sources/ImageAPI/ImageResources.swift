import ImageService

/// The resources that are about images: their routes in one list.
enum ImageResources {
    /// - Throws: ``CustomImageProperties/Problem`` or ``JSONSchema/Problem`` when `schema-image.json` cannot be used.
    static func routes(service: ImageService, transfers: TransferCount = TransferCount()) throws -> [Route] {
        let schema = try ImageSchema(configuration: service.configuration)
        return Images(service: service, schema: schema).routes
            + ImageActions(service: service).routes
            + ImageTags(service: service, schema: schema).routes
            + ImageMembers(service: service).routes
            + ImageData(service: service, transfers: transfers).routes
            + StoreImages(service: service).routes
            + Schemas(image: schema).routes
    }
}
