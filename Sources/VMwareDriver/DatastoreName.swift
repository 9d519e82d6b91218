/// A datastore by the names that URLs and options have for it.
package struct DatastoreName: Sendable, Hashable {
    /// Inventory path of the datacenter, such as `DC0` or `folder/DC1`; nil on an ESX host, which has one only.
    package var datacenter: String?
    package var name: String

    package init(datacenter: String?, name: String) {
        self.datacenter = datacenter
        self.name = name
    }
}
