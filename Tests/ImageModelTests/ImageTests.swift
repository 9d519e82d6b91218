import Foundation
import ImageModel
import Testing

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

@Suite struct UUIDTextTests {
    @Test func randomOnesAreValidAndDifferent() {
        let texts = Set((0..<1000).map { _ in UUIDText.random() })
        #expect(texts.count == 1000)
        for text in texts {
            #expect(UUIDText.isValid(text))
            #expect(UUID(uuidString: text) != nil)
            #expect(Array(text)[14] == "4")
            #expect("89ab".contains(Array(text)[19]))
        }
    }

    @Test(arguments: [
        "", "x", "71c675ab-d94f-49cd-a114-e12490b328d", "71c675ab-d94f-49cd-a114-e12490b328dg",
        "71c675abd94f-49cd-a114-e12490b328d99",
    ])
    func refuses(text: String) {
        #expect(!UUIDText.isValid(text))
    }
}
