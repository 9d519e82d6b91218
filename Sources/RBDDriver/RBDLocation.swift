import ImageStore
import TextCoding

/// A location's URL, `rbd://FSID/POOL/IMAGE/SNAPSHOT` or, of the first years, `rbd://IMAGE`.
struct RBDLocation: Sendable, Equatable {
    static let schemes: Set<String> = ["rbd"]

    var fsid: String?
    var pool: String?
    var image: String
    var snapshot: String?

    init(fsid: String, pool: String, image: String) {
        self.fsid = fsid
        self.pool = pool
        self.image = image
        snapshot = Self.snapshotName
    }

    /// What each image that is complete has, and what is cloned.
    static let snapshotName = "snap"

    /// - Throws: ``StoreError/badLocation(_:)``.
    init(url: String) throws(StoreError) {
        guard url.hasPrefix("rbd://") else { throw .badLocation("the location is not an rbd URL") }
        let parts = url.dropFirst("rbd://".count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 4, parts.allSatisfy({ !$0.isEmpty }) else {
            throw .badLocation("an rbd URL is rbd://FSID/POOL/IMAGE/SNAPSHOT or rbd://IMAGE")
        }
        if parts.count == 1 {
            image = String(parts[0])
            try Self.requireText(image)
            return
        }
        var decoded: [String] = []
        for part in parts {
            guard let text = PercentEncoding.decode(part.utf8) else {
                throw .badLocation("the rbd URL has bytes that are no text")
            }
            try Self.requireText(text)
            decoded.append(text)
        }
        (fsid, pool, image, snapshot) = (decoded[0], decoded[1], decoded[2], decoded[3])
    }

    /// What C functions would take for the end is no part of a name.
    private static func requireText(_ text: String) throws(StoreError) {
        guard !text.utf8.contains(0) else { throw .badLocation("the rbd URL has a zero byte") }
    }

    /// As Python Glance writes it.
    var url: String {
        guard let fsid, let pool, let snapshot else { return "rbd://\(image)" }
        return "rbd://" + [fsid, pool, image, snapshot].map { PercentEncoding.encode($0) }.joined(separator: "/")
    }
}
