package import ImageStore
import TextCoding

/// Where a location points to: `cinder://STORE/VOLUME`, or `cinder://VOLUME` as single-store mode and old releases write it.
package struct CinderLocation: Sendable, Equatable {
    package static let scheme = "cinder"

    /// Id of the store; nil in the old form.
    package let store: String?
    package let volumeID: String

    /// - Throws: ``StoreError/badLocation(_:)``.
    package init(url: String) throws(StoreError) {
        guard let colon = url.firstRange(of: "://"), url[..<colon.lowerBound].lowercased() == Self.scheme else {
            throw .badLocation("the location is not of the form cinder://store/volume")
        }
        let parts = url[colon.upperBound...].split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let volume = parts.last, UUIDText.isValid(String(volume)),
            parts.count == 1 || !parts[0].isEmpty
        else { throw .badLocation("the location does not name a volume by its id") }
        store = parts.count == 2 ? String(parts[0]) : nil
        volumeID = String(volume)
    }

    package static func url(ofVolume id: String, in identity: StoreIdentity) -> String {
        identity.isInLocations ? "\(scheme)://\(identity.id)/\(id)" : "\(scheme)://\(id)"
    }
}
