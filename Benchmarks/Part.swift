/// Workloads that are measured together and shown together: a section of docs/performance.md with a chart.
struct Part: Sendable {
    /// What `ONLY` calls it.
    let name: String
    /// The section's heading.
    let title: String
    let run: @Sendable (Lab) async throws -> [Row]
    /// What its rows mean, and who the peers are.
    let notes: String
    /// Left out unless it is asked for.
    var isExtra = false

    /// Those that are asked for; without a wish, all but the extra ones.
    ///
    /// - Throws: when nothing is called so.
    static func chosen(_ wish: String) throws -> [Part] {
        let names = wish.split(separator: ",").map { $0.trimmingPrefix(" ") }
        guard !names.isEmpty else { return all.filter { !$0.isExtra } }
        for name in names where !all.contains(where: { $0.name.hasPrefix(name) }) {
            throw BenchError("there is no part \(name): \(all.map(\.name).joined(separator: ", "))")
        }
        return all.filter { part in names.contains { part.name.hasPrefix($0) } }
    }

    static let all = [
        Part(
            name: "download", title: "Downloads from files", run: Downloads.run,
            notes: """
                **download**: `curl` to `/dev/null`, from the file store. The peer is nginx with `sendfile` and the same file. CPU
                seconds are those of the server alone. They depend on which side of a connection the kernel works for it, which is
                the same for both when the client is **on the same processor**. **cache hit**: the same from the image cache of
                another node, whose file is a link to that of the store, because the place of a file's pages in memory makes more
                of a difference. The peer is the download from the file store. **random ranges**: `wrk` asks for 1 MiB from
                anywhere in the file.
                """),
        Part(
            name: "upload", title: "Uploads into files", run: Uploads.run,
            notes: """
                `curl` from the page cache into the file store until the answer: digests (md5 and sha512) taken, data and directory
                synced, row written. The peer is the least that has to be done: `tee` of the same bytes into `openssl md5`,
                `openssl sha512` and a file that is synced; and the slowest of the three, each by itself. **inspected**: the
                service's processor time; the peer is this service with the same data in a container, which is not looked into.
                **into memory**: the file store's directory is on tmpfs; the peer is `openssl` on all cores, which takes both
                digests of the same bytes.
                """),
        Part(
            name: "web-download", title: "Imports", run: Imports.run,
            notes: """
                From the request until the image is active, from an nginx on the same machine into the file store. The peers are the
                least that has to be done, `curl` through `tee` into both digests and a file that is synced, and Glance 33.
                """),
        Part(
            name: "copy-image", title: "Copies between file stores", run: Copies.run,
            notes: "From the request until the image is in the second file store. The peer is as that of uploads."),
        store(
            .rbd, "Ceph (rbd)",
            """
            The tool is `rbd import` and `rbd export` with 8 operations at a time, as many as the store has. It takes no digests.
            """),
        store(
            .s3, "S3",
            """
            The tool is `aws s3 cp` with its own settings, its start included; the server is Ceph's object gateway, whose own
            cluster stands on the same cores.
            """),
        store(
            .swift, "Swift",
            """
            The tool is `swift upload -S` and `swift download` of python-swiftclient, their start included. All of Swift's
            servers are one process in Python.
            """),
        store(
            .cinder, "Cinder (volumes in Ceph)",
            """
            Making, attaching and releasing the volumes is part of it. Each client downloads an image of its own, since Glance 33
            fails where several read one volume.
            """),
        store(.vmware, "vSphere", "The server is govmomi's simulator of a vCenter, over TLS."),
        Part(
            name: "rbd-copy", title: "Copies into Ceph", run: Stores.copies,
            notes: """
                copy-image, from the request until the image is in the other store: from files, and from another pool of the same
                cluster. The peer is Glance 33 with the same stores.
                """),
        Part(
            name: "show", title: "Showing an image", run: Queries.show,
            notes: queries + " Random images are asked for."),
        Part(
            name: "lists", title: "Lists", run: Queries.list,
            notes: queries + """
                 The first page of 25 is asked for, if nothing else is said; for a page of 1,000 there are two connections.
                """),
        Part(
            name: "metadef", title: "Metadata definitions", run: Queries.metadef,
            notes: """
                The load of the lists on one namespace of the metadata definitions, with all that is in it. The peer is Glance 33.
                """),
        Part(
            name: "create", title: "Creating and deleting", run: Claims.run,
            notes: """
                Requests of both kinds, each image deleted as soon as it is there, `wrk` with 32 connections on PostgreSQL, with
                unified limits that Keystone is asked for. The peer is Glance 33.
                """),
        Part(
            name: "crowd", title: "Idle and slow clients", run: Crowds.run,
            notes: """
                `wrk` with 8 connections shows an image while others have a connection open and send nothing, or upload one byte
                each second. The peer is the same without them; for memory, what each of them may take of the proportional set
                size of all processes.
                """),
        Part(
            name: "token", title: "New tokens", run: ColdTokens.run,
            notes: """
                64 requests at once with a token that no process has seen before. Requests in the same worker wait for the first
                one's answer from Keystone.
                """),
        Part(
            name: "start", title: "Start and idle memory", run: Startup.run,
            notes: """
                **start**: from `exec` to the first answer of `/healthcheck`. **idle memory**: proportional set size of all
                processes after a first request to each.
                """),
        Part(
            name: "scale", title: "A million images", run: Scale.run,
            notes: """
                One client asks for a page of 25 (or what is said) of 1,000,000 images on PostgreSQL, of which 20,000 are its own
                and 5,000 public; the peer is the same page of 10,000 images, of which 200 and 50 are. 50 are shared with it in
                both. `make bench ONLY=scale`; the images are kept in `/var/tmp/openstack-glance-bench`.
                """, isExtra: true),
    ]

    private static let queries = """
        `wrk` with 32 connections against 10,000 images with five properties, two tags and a location each on PostgreSQL, as a
        member of a project whose token is in the cache. The peers are Glance 33 on the same tables, and as the limit `pgbench`
        with the statement that our service sends, 32 clients, prepared.
        """

    private static func store(_ subject: Stores.Subject, _ title: String, _ notes: String) -> Part {
        Part(
            name: subject.system.driver, title: title, run: { try await Stores.run(subject, $0) },
            notes: """
                Images from the page cache into the store until all is durable and recorded, and back into files in memory, by
                one client and by eight at a time. The storage system runs on the same cores and is what takes most of them, so
                that the ratios say less than with a system of its own. \(notes) Glance 33 has four threads in each of its two
                processes.
                """)
    }
}

/// What is wrong with how the program was called, or with what came out.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
