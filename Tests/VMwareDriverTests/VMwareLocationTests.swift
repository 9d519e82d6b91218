import ImageStore
import Testing

@testable import VMwareDriver

@Suite struct VMwareLocationTests {
    /// What glance_store 5.7.0 writes.
    private static let image = "71c675ab-d94f-49cd-a114-e12490b328d9"
    private static let url =
        "vsphere://vcenter.example.org/folder/openstack_glance/\(image)?dsName=Local+DS%2F0&dcPath=folder%2FDC+1"
    private static let datastore = DatastoreName(datacenter: "folder/DC 1", name: "Local DS/0")

    private func read(_ url: String, _ directory: [String] = ["openstack_glance"]) throws -> VMwareLocation {
        try VMwareLocation(url: url, directory: directory)
    }

    @Test func writesWhatGlanceWrites() throws {
        let server = try #require(VSphereAddress("vcenter.example.org"))
        #expect(
            VMwareLocation.url(of: Self.image, in: Self.datastore, directory: ["openstack_glance"], server: server)
                == Self.url)
        #expect(
            VMwareLocation.url(
                of: "i", in: DatastoreName(datacenter: nil, name: "d"), directory: ["a b", "ä"],
                server: try #require(VSphereAddress("fd00::1"))) == "vsphere://[fd00::1]/folder/a b/ä/i?dsName=d")
    }

    @Test func readsWhatGlanceWrites() throws {
        let location = try read(Self.url)
        #expect(location.name == Self.image)
        #expect(location.datastore == Self.datastore)
        #expect(location.isAt(try #require(VSphereAddress("VCENTER.example.org"))))
        #expect(!location.isAt(try #require(VSphereAddress("vcenter.example.org:8443"))))
    }

    @Test(arguments: [
        "vsphere://h/folder/openstack_glance/i?dcPath=a&dsName=b",
        "VSPHERE://h/folder//openstack_glance/./i?dcPath=a&dsName=b",
        "vsphere://other:1/folder/openstack_glance/i?x=y&dsName=b&dcPath=a&dsName=c",
    ])
    func readsOtherForms(_ url: String) throws {
        #expect(try read(url).datastore == DatastoreName(datacenter: "a", name: "b"))
        #expect(try read(url).name == "i")
    }

    @Test func readsUploadsOfAnESXHost() throws {
        #expect(try read("vsphere://h/folder/a/b/i?dsName=b", ["a", "b"]).datastore.datacenter == nil)
        #expect(try read("vsphere://h/folder/i?dsName=b", []).name == "i")
    }

    /// Locations may be a user's: nothing outside of the images' directory can be read or removed through one.
    @Test(arguments: [
        "vsphere://h/folder/vm/disk.vmdk?dcPath=a&dsName=b",
        "vsphere://h/folder/openstack_glance/../vm/x?dcPath=a&dsName=b",
        "vsphere://h/folder/openstack_glance/a/b?dcPath=a&dsName=b",
        "vsphere://h/folder/openstack_glance?dcPath=a&dsName=b",
        "vsphere://h/openstack_glance/i?dcPath=a&dsName=b", "vsphere://h/folder/openstack_glance/i",
        "vsphere://h/folder/openstack_glance/i?dcPath=a", "vsphere://h/folder/openstack_glance/i?dsName=&dcPath=a",
        "vsphere://h/folder/openstack_glance/i?dsName=b%5D+%5Bc", "vsphere://h/folder/openstack_glance/..?dsName=b",
        "vsphere://h/folder/openstack_glance/i.u.part?dsName=b", "vsphere://h/folder/openstack_glance/i#?dsName=b",
        "https://h/folder/openstack_glance/i?dsName=b", "vsphere:/h/folder/openstack_glance/i?dsName=b", "",
        "vsphere://",
    ])
    func refusesWhatIsNoImage(_ url: String) {
        let error = #expect(throws: StoreError.self) { try read(url) }
        guard case .badLocation = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func namesOfUploadsTellTheirIDs() throws {
        let name = try UploadName(StoreUpload(imageID: "i-1", uploadID: "u_2"))
        #expect(name.file(.part) == "i-1.u_2.part")
        #expect(UploadName(file: "i-1.u_2.moving") == name)
        for other in ["i-1", "i-1.u_2", "i-1.u_2.vmdk", ".u.part", "i..part", "i.u.part.x", "a b.u.part"] {
            #expect(UploadName(file: other) == nil, "\(other)")
        }
    }
}
