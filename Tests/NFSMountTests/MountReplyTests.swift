import Testing

@testable import NFSMount

@Suite struct MountReplyTests {
    @Test func readsWhatItWrites() {
        #expect(MountReply(text: MountReply(nil).text) == MountReply(nil))
        let refused = MountReply(MountRefusal(.export, "nas:/a is not on the list"))
        #expect(MountReply(text: refused.text) == refused)
        #expect(refused.text == "error export nas:/a is not on the list\n")
    }

    /// Whatever a program has said, an answer is one line.
    @Test func isOneLine() {
        let reply = MountReply(MountRefusal(.failed, "a\nb\r\nok"))
        #expect(reply.text == "error failed a b ok\n")
    }

    @Test(arguments: ["", "\n", "yes\n", "ok now\n", "error\n", "error export\n", "error what text\n"])
    func refusesWhatIsNoAnswer(_ text: String) { #expect(MountReply(text: text) == nil) }
}
