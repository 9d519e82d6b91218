import Foundation
import ImageModel
import Testing
import TextCoding

@Suite struct ImageTests {
    static func image(_ visibility: Visibility, owner: String? = "owner") -> Image {
        Image(
            id: UUIDText.random(), visibility: visibility, owner: owner,
            members: [ImageMember(imageID: "i", project: "member", status: .rejected)])
    }

    @Test(arguments: [
        (Visibility.public, ["owner", "member", "stranger", nil]),
        (.community, ["owner", "member", "stranger", nil]),
        (.shared, ["owner", "member"]),
        (.private, ["owner"]),
    ])
    func visibility(visibility: Visibility, seenBy: [String?]) {
        for project in ["owner", "member", "stranger", nil] {
            #expect(
                Self.image(visibility).isVisible(toProject: project, isAdmin: false) == seenBy.contains(project))
            #expect(Self.image(visibility).isVisible(toProject: project, isAdmin: true))
        }
    }

    @Test func imagesWithoutOwnerAreVisibleToAll() {
        #expect(Self.image(.private, owner: nil).isVisible(toProject: "stranger", isAdmin: false))
    }

    @Test func statusesFollowTheDomainTable() {
        #expect(ImageStatus.queued.canBecome(.saving))
        #expect(ImageStatus.saving.canBecome(.queued))
        #expect(!ImageStatus.active.canBecome(.queued))
        #expect(!ImageStatus.deactivated.canBecome(.pendingDelete))
        for status in ImageStatus.allCases { #expect(!ImageStatus.deleted.canBecome(status)) }
    }

    @Test func storeOfALocation() {
        #expect(ImageLocation(url: "x", metadata: ["store": "fast"]).storeID == "fast")
        #expect(ImageLocation(url: "x", metadata: ["backend": "old"]).storeID == "old")
        #expect(ImageLocation(url: "x").storeID == nil)
    }
}
