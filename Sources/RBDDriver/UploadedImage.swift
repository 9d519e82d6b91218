import Glibc
import ImageStore
import RBD

/// An upload's image by its id, whatever names it has: what makes a discard remove its own data and no others. All methods
/// block.
///
/// Under the temporary name, the name tells whose an image is; under the final one a value of its metadata, from the upload's
/// beginning until its end is recorded. Names are taken away only from the very image that was looked at, in one step
/// (compare and remove); so nobody who was held for long can take away what another upload has put there meanwhile.
struct UploadedImage {
    let pool: CephPool
    let names: UploadNames

    /// The key of the image's metadata whose value is the upload's id.
    static let key = "glance_upload"

    private var upload: StoreUpload { names.upload }

    /// Whether an image has the final name. What a rename has left that was cut off is cleared away.
    static func isTaken(_ name: String, in pool: CephPool) throws(RBDError) -> Bool {
        guard let id = try pool.imageID(named: name) else { return false }
        if try pool.hasImage(id: id) { return true }
        try pool.removeName(name, of: id)
        return false
    }

    /// Makes the image, empty, under its temporary name.
    func create(size: Int64, order: Int, features: UInt64) throws(RBDError) {
        try pool.createImage(names.part, size: size, order: order, features: features)
        guard let id = try pool.imageID(named: names.part) else {
            throw .failed(code: ECANCELED, doing: "an image has gone while it was made")
        }
        try pool.setMetadata(Self.key, upload.uploadID, of: id)
    }

    /// Gives the image its final name. Never replaces.
    func publish() throws(RBDError) {
        do throws(RBDError) {
            try pool.renameImage(names.part, to: names.final)
        } catch .failed(EEXIST, let doing) {
            guard try !Self.isTaken(names.final, in: pool) else { throw .failed(code: EEXIST, doing: doing) }
            try pool.renameImage(names.part, to: names.final)
        } catch .failed(ENOENT, _) {
            throw .failed(code: ECANCELED, doing: "the upload has been discarded by somebody else")
        }
    }

    /// Takes the upload's names from its image, so that nothing can publish it or find it any more.
    ///
    /// - Returns: false when there is no image of this upload.
    func withdraw(context: StoreContext) throws(RBDError) -> Bool {
        guard let id = try ownID() else { return false }
        try RBDError.requireTime(context)
        try pool.addName(names.gone, of: id)
        try pool.removeName(names.part, of: id)
        try RBDError.requireTime(context)
        try pool.removeName(names.final, of: id)
        if let listed = try pool.listedName(of: id), listed != names.gone {
            try pool.relist(id, from: listed, to: names.gone)
        }
        return true
    }

    /// Removes the image after ``withdraw(context:)``.
    ///
    /// - Throws: `EBUSY` while a writer has it open, or counts as one because it was killed less than a minute ago.
    func remove(context: StoreContext) throws(RBDError) {
        // The first one is what a creation has left that came to no end.
        for name in [names.part, names.gone] {
            try RBDError.requireTime(context)
            do throws(RBDError) { try pool.removeImage(name) } catch .failed(ENOENT, _) {}
        }
    }

    /// The image of this upload, under whichever name.
    private func ownID() throws(RBDError) -> String? {
        for name in [names.gone, names.part] {
            if let id = try pool.imageID(named: name) { return id }
        }
        guard let id = try pool.imageID(named: names.final),
            try pool.metadata(Self.key, of: id) == upload.uploadID
        else { return nil }
        return id
    }

    /// The upload's end is recorded: its image is nobody's any more in particular.
    ///
    /// - Returns: false when there is an image under one of the temporary names, which is to be discarded.
    func settle() throws(RBDError) -> Bool {
        let final = try pool.imageID(named: names.final)
        for name in [names.part, names.gone] {
            guard let id = try pool.imageID(named: name) else { continue }
            guard id == final else { return false }
            // A rename that was cut off: the other name is the one that counts.
            try pool.removeName(name, of: id)
        }
        if let final, try pool.metadata(Self.key, of: final) == upload.uploadID {
            try pool.removeMetadata(Self.key, of: final)
        }
        return true
    }
}
