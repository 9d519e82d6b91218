import Testing

@testable import CinderDriver

@Suite struct AttachmentOwnerTests {
    private func changed(_ change: (inout [String]) -> Void) throws -> AttachmentOwner {
        var parts = AttachmentOwner.current.text.split(separator: "/").map(String.init)
        change(&parts)
        return try #require(AttachmentOwner(text: parts.joined(separator: "/")))
    }

    @Test func survivesItsText() {
        let owner = AttachmentOwner.current
        #expect(AttachmentOwner(text: owner.text) == owner && owner.text.utf8.count < 256)
    }

    @Test func thisProcessIsNotGone() { #expect(!AttachmentOwner.current.isGone) }

    @Test func aProcessThatIsNotThereIsGone() throws {
        // More than there are numbers.
        #expect(try changed { $0[4] = "\(Int32.max)" }.isGone)
    }

    @Test func anotherProcessWithTheSameNumberIsNotIt() throws { #expect(try changed { $0[5] = "1" }.isGone) }

    @Test func aRestartOfTheMachineEndsAll() throws { #expect(try changed { $0[2] = "another" }.isGone) }

    @Test(arguments: [1, 3]) func nothingIsKnownOfOtherMachinesAndContainers(_ part: Int) throws {
        #expect(
            try !changed {
                $0[part] = "elsewhere"
                $0[4] = "\(Int32.max)"
            }.isGone)
    }

    @Test(arguments: [
        "glance_store", "/dev/vdb", "", "na", "glance_store/a/b/c/0/1", "glance_store/a/b/c/x/1",
        "glance_store/a/b//1/1",
        "glance_store/a/b/c/1/1/1",
    ])
    func doesNotTakeOthersForItsOwn(_ text: String) { #expect(AttachmentOwner(text: text) == nil) }
}
