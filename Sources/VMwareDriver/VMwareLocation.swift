package import ImageStore
import TextCoding

/// Where a location points to: a file in the store's directory of a datastore, and nowhere else.
///
/// `vsphere://HOST/folder/DIRECTORY/IMAGE?dsName=DATASTORE&dcPath=DATACENTER`, as Glance writes it: the path as it is, the query
/// as in forms. Locations come from the database, which users may have had a hand in. So the host of a URL is never contacted
/// (the configured server is, with our session), and files outside of the directory of images cannot be named.
package struct VMwareLocation: Sendable, Equatable {
    package static let scheme = "vsphere"

    /// Host, and port if there is one.
    let authority: String
    package let datastore: DatastoreName
    /// Name of the file.
    package let name: String

    /// - Parameter directory: components of the store's directory of images.
    /// - Throws: ``StoreError/badLocation(_:)``.
    package init(url: String, directory: [String]) throws(StoreError) {
        guard let scheme = url.firstRange(of: "://"), url[..<scheme.lowerBound].lowercased() == Self.scheme,
            let mark = url.firstIndex(of: "?"), !url.contains("#"), !url.utf8.contains(0)
        else {
            throw .badLocation("the location is not of the form vsphere://host/folder/path?dcPath=path&dsName=name")
        }
        let address = url[scheme.upperBound..<mark]
        authority = String(address.prefix { $0 != "/" })
        let components = address.dropFirst(authority.count).split(separator: "/").filter { $0 != "." }.map(String.init)
        var query: [String: String] = [:]
        for pair in url[url.index(after: mark)...].split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = PercentEncoding.decode(parts[1].utf8, plusIsBlank: true) else {
                continue
            }
            if query[String(parts[0])] == nil, !value.isEmpty { query[String(parts[0])] = value }
        }
        guard let name = components.last, components.dropLast() == ["folder"] + directory, !components.contains(".."),
            UploadName(file: name) == nil
        else { throw .badLocation("the location's path is not that of an image in vmware_store_image_dir") }
        guard let datastore = query["dsName"], !datastore.contains(where: { "[]".contains($0) }) else {
            throw .badLocation("the location names no datastore")
        }
        self.name = name
        self.datastore = DatastoreName(datacenter: query["dcPath"], name: datastore)
    }

    /// Whether the URL names this server.
    func isAt(_ server: VSphereAddress) -> Bool { authority.lowercased() == server.authority.lowercased() }

    /// The URL of an image, as Glance writes it.
    package static func url(
        of imageID: String, in datastore: DatastoreName, directory: [String], server: VSphereAddress
    ) -> String {
        let path = (["folder"] + directory + [imageID]).joined(separator: "/")
        return "\(scheme)://\(server.authority)/\(path)?\(query(datastore))"
    }

    /// What tells the server which datastore is meant.
    static func query(_ datastore: DatastoreName) -> String {
        let name = "dsName=\(PercentEncoding.encode(datastore.name, blankIsPlus: true))"
        guard let datacenter = datastore.datacenter else { return name }
        return name + "&dcPath=\(PercentEncoding.encode(datacenter, blankIsPlus: true))"
    }
}
