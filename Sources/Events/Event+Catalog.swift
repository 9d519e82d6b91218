extension Event {
    /// All events of all programs.
    public static let all: [Event] = [
        logEvents,
        requestEvents,
        imageEvents,
        importEvents,
        cacheEvents,
        backendsEvents,
        supervisorEvents,
        scrubberEvents,
        limitsEvents,
    ].flatMap { $0 }

    /// The message catalog of all events, in the format of journalctl(1), `--update-catalog`.
    public static var catalog: String {
        "# Messages of the OpenStack Image service. Rendered from the declarations of Event; do not edit.\n\n"
            + all.map(\.catalogEntry).joined(separator: "\n")
    }

    private var catalogEntry: String {
        """
        -- \(id)
        Subject: \(subject)
        Defined-By: openstack-glance
        Documentation: man:glance-api(8)

        \(Self.wrapped(explanation))

        """
    }

    /// Paragraphs in lines of at most 79 columns.
    private static func wrapped(_ text: String) -> String {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty, line.count + 1 + word.count > 79 {
                    lines.append(line)
                    line = ""
                }
                line += line.isEmpty ? word : " " + word
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }
}
