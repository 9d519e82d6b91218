import ImageModel

/// The schemas of image members (Images API v2, "Image Schemas").
enum MemberSchema {
    /// `GET /v2/schemas/member`
    static let document = SchemaDocument.item(
        "member",
        [
            "member_id": SchemaDocument.property("string", "Project that the image is shared with"),
            "image_id": SchemaDocument.property("string", "UUID of the image", ["pattern": SchemaDocument.uuidPattern]),
            "created_at": SchemaDocument.property("string", "When the image was offered to the member"),
            "updated_at": SchemaDocument.property("string", "When the member was last changed"),
            "status": SchemaDocument.property(
                "string", "The member's answer to the offer", ["enum": ["pending", "accepted", "rejected"]]),
            "schema": SchemaDocument.property("string", readOnly: true),
        ], additional: nil)

    /// `GET /v2/schemas/members`
    static let collection = SchemaDocument.collection("members", of: document, paged: false)
}
