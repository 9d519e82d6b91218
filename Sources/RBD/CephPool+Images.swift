import Glibc

/// Images by their names.
extension CephPool {
    /// Makes an image of format 2.
    ///
    /// - Parameters:
    ///   - size: in bytes.
    ///   - order: its objects have 2 to the power of this many bytes.
    ///   - features: bits as in `rbd_default_features`.
    /// - Throws: `EEXIST` when the name is taken.
    public func createImage(_ image: String, size: Int64, order: Int, features: UInt64) throws(RBDError) {
        var created: CephLibrary.Handle?
        library.createOptions(&created)
        guard let options = created else { throw .failed(code: ENOMEM, doing: "cannot create an image") }
        defer { library.destroyOptions(options) }
        // RBD_IMAGE_OPTION_FORMAT, _FEATURES, _ORDER
        for (option, value) in [(0, 2), (1, features), (2, UInt64(order))] as [(Int32, UInt64)] {
            try check("cannot create an image", library.setImageOption(options, option, value))
        }
        try check("cannot create an image", library.createImage(handle, image, UInt64(size), options))
    }

    /// Removes an image, and what the creation of one has left that came to no end.
    ///
    /// - Throws: `ENOENT`; `EBUSY` when a client has it open; `ENOTEMPTY` when it has snapshots; `ECANCELED` when it cannot
    ///   be removed because the pool is full.
    public func removeImage(_ image: String) throws(RBDError) {
        let status = library.removeImage(handle, image)
        // Images go by way of the trash. When a quota leaves no room for its entry there, librbd says that there is no image.
        if status == -ENOENT, let id = try imageID(named: image), try hasImage(id: id) {
            throw .failed(code: ECANCELED, doing: "cannot remove an image; the pool may be full")
        }
        try check("cannot remove an image", status)
    }

    /// Gives an image another name. Never replaces.
    ///
    /// - Throws: `ENOENT`, `EEXIST`.
    public func renameImage(_ image: String, to name: String) throws(RBDError) {
        try check("cannot rename an image", library.renameImage(handle, image, name))
    }

    /// Moves an image to the pool's trash.
    public func trashImage(_ image: String) throws(RBDError) {
        try check("cannot move an image to the trash", library.trashImage(handle, image, 0))
    }

    /// The names of all images.
    public func imageNames() throws(RBDError) -> [String] {
        var room = 1024
        while true {
            var count = room
            let images = UnsafeMutablePointer<CephLibrary.ImageName>.allocate(capacity: room)
            images.initialize(repeating: .init(), count: room)
            defer { images.deallocate() }
            let status = library.listImages(handle, images, &count)
            if status == -ERANGE {
                room = max(count, room) + 128
                continue
            }
            // A pool that was never used for images has no directory.
            if status == -ENOENT { return [] }
            try check("cannot list the images of the pool \(name)", status)
            defer { library.freeImageList(images, count) }
            return (0..<count).compactMap { images[$0].name.map { String(cString: $0) } }
        }
    }
}

/// Images by their ids, which never name another one. librbd has nothing for these; they are what it does itself, on the objects
/// `rbd_id.NAME` (holds the id), `rbd_directory` (names and ids) and `rbd_header.ID`, whose form has not changed since
/// Ceph 0.56 because kernels rely on it.
extension CephPool {
    /// The id that a name stands for; nil if it stands for none.
    public func imageID(named image: String) throws(RBDError) -> String? {
        guard let bytes = try read(object: "rbd_id.\(image)") else { return nil }
        return CephBytes(bytes).text
    }

    /// Lets a name stand for an image, beside those that it has.
    public func addName(_ image: String, of id: String) throws(RBDError) {
        try write(object: "rbd_id.\(image)", CephBytes(texts: id).bytes)
    }

    /// Takes a name from an image. Does nothing when the name stands for another one.
    public func removeName(_ image: String, of id: String) throws(RBDError) {
        try remove(object: "rbd_id.\(image)", holding: CephBytes(texts: id).bytes)
    }

    /// Whether there is such an image.
    public func hasImage(id: String) throws(RBDError) -> Bool { try hasObject("rbd_header.\(id)") }

    /// The name under which lists show an image.
    public func listedName(of id: String) throws(RBDError) -> String? {
        try execute("dir_get_name", on: "rbd_directory", CephBytes(texts: id))?.text
    }

    /// Changes the name under which lists show an image.
    ///
    /// - Returns: false when they do not show it under `name`.
    @discardableResult
    public func relist(_ id: String, from name: String, to other: String) throws(RBDError) -> Bool {
        do throws(RBDError) {
            return try execute("dir_rename_image", on: "rbd_directory", CephBytes(texts: name, other, id)) != nil
        } catch .failed(ESTALE, _) {
            return false
        }
    }

    /// A value of the image's metadata (`rbd image-meta`).
    public func metadata(_ key: String, of id: String) throws(RBDError) -> String? {
        try execute("metadata_get", on: "rbd_header.\(id)", CephBytes(texts: key))?.text
    }

    public func setMetadata(_ key: String, _ value: String, of id: String) throws(RBDError) {
        var input = CephBytes()
        input.append(count: 1)
        input.append(key)
        input.append(value)
        guard try execute("metadata_set", on: "rbd_header.\(id)", input) != nil else {
            throw .failed(code: ENOENT, doing: "cannot write an image's metadata")
        }
    }

    /// Does nothing when there is no such value.
    public func removeMetadata(_ key: String, of id: String) throws(RBDError) {
        _ = try execute("metadata_remove", on: "rbd_header.\(id)", CephBytes(texts: key))
    }
}
