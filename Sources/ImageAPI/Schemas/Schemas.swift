import HTTPTypes
import Hummingbird
import JSON
import NIOCore

/// `/v2/schemas/…` (Images API v2, "Image Schemas", "Metadata Definitions Schemas", "Task Schemas").
struct Schemas: Sendable {
    /// Paths with their documents. The text of each is written once.
    private let documents: [(path: String, text: ByteBuffer)]

    init(image: ImageSchema) {
        let documents: [(String, SchemaDocument.Members)] = [
            ("image", image.document),
            ("images", SchemaDocument.collection("images", of: image.document)),
            ("member", MemberSchema.document),
            ("members", MemberSchema.collection),
            ("task", TaskSchema.document),
            ("tasks", TaskSchema.collection),
            ("metadefs/namespace", MetadefSchemas.namespace),
            ("metadefs/namespaces", MetadefSchemas.namespaces),
            ("metadefs/resource_type", MetadefSchemas.resourceType),
            ("metadefs/resource_types", MetadefSchemas.resourceTypes),
            ("metadefs/object", MetadefSchemas.object),
            ("metadefs/objects", MetadefSchemas.objects),
            ("metadefs/property", MetadefSchemas.property),
            ("metadefs/properties", MetadefSchemas.properties),
            ("metadefs/tag", MetadefSchemas.tag),
            ("metadefs/tags", MetadefSchemas.tags),
        ]
        self.documents = documents.map { name, members in
            ("/v2/schemas/\(name)", ByteBuffer(string: JSONWriter.text(of: .object(members))))
        }
    }

    var routes: [Route] {
        documents.map { path, text in
            Route(.get, path, body: .rejected) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: text))
            }
        }
    }
}
