public import Authorization
public import ImageDatabase
import ImageModel
import TextCoding
package import UnifiedLimits

// Keystone's unified limits. What counts is the project that owns an image, whoever acts: usage is counted by owner, too.
extension ImageService {
    /// What the caller's project may have and has (`GET /v2/info/usage`); empty where unified limits are not used.
    public func usage(for caller: Caller) async throws -> [LimitUsage] {
        guard let limits, let project = caller.project else { return [] }
        do {
            return try await limits.usage(ofProject: project)
        } catch let error as LimitError {
            throw ServiceError(error)
        }
    }

    /// Writes a new image if its owner may have one more.
    func insertWithinLimits(_ image: Image) async throws {
        guard let limits, let owner = image.owner else { return try await database.images.insert(image) }
        try await limits.claiming(LimitClaim(projectID: owner, amounts: [.imageCountTotal: 1])) {
            claim throws(DatabaseError) in
            try await database.images.insert(image, claim: claim)
        }
    }

    /// Writes a changed image if its owner may store what new locations add.
    func updateWithinLimits(_ changed: Image, over image: Image) async throws -> Timestamp {
        let added = changed.storedBytes - image.storedBytes
        guard let limits, let owner = changed.owner, added > 0 else {
            return try await database.images.update(from: image, to: changed, limits: quotas.imageLimits)
        }
        return try await limits.claiming(LimitClaim(projectID: owner, amounts: [.imageSizeTotal: added])) {
            claim throws(DatabaseError) in
            try await database.images.update(
                from: image, to: changed, claim: claim, limits: quotas.imageLimits)
        }
    }

    /// Begins an upload if its owner may upload one more image, and of this size.
    ///
    /// - Returns: what it may have; nil where no limits apply.
    func beginWithinLimits(_ upload: UploadRecord, of image: Image, size: Int64?) async throws -> UploadAllowance? {
        guard let limits, let owner = image.owner else {
            try await database.uploads.begin(upload)
            return nil
        }
        return try await limits.beginUpload(upload, ofProject: owner, size: size)
    }
}

extension Image {
    /// What the image counts in its owner's usage: size × locations.
    fileprivate var storedBytes: Int64 {
        let (bytes, overflow) = (size ?? 0).multipliedReportingOverflow(by: Int64(locations.count))
        return overflow ? .max / 2 : min(bytes, .max / 2)
    }
}

extension ServiceError {
    package init(_ error: LimitError) {
        switch error {
        case .exceeded(let reason): self = .tooLarge(reason)
        case .unknown(let reason): self = .unavailable(reason)
        }
    }
}
