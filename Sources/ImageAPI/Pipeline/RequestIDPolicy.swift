import TextCoding

/// Which ids of clients are taken over. An id ends up in logs, in answers and in requests to other services.
struct RequestIDPolicy: Sendable {
    /// `max_request_id_length`; 0 is without limit.
    let maximumLength: Int

    enum Inbound: Sendable, Equatable {
        case absent
        /// With the prefix `req-`.
        case accepted(String)
        /// Characters that must not reach a log or header: a new id replaces it.
        case unusable
        case tooLong

        var accepted: String? {
            if case .accepted(let id) = self { id } else { nil }
        }
    }

    /// Looks at the id that a client sent.
    func check(_ inbound: String?) -> Inbound {
        guard let inbound, !inbound.isEmpty else { return .absent }
        if maximumLength > 0 && inbound.utf8.count > maximumLength { return .tooLong }
        let isClean = inbound.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isClean else { return .unusable }
        return .accepted(inbound.hasPrefix("req-") ? inbound : "req-\(inbound)")
    }

    /// A new id: `req-` and a random UUID (RFC 9562, version 4).
    static func generate() -> String {
        UUIDText.random(prefix: "req-")
    }
}
