import Glibc
package import ImageStore

extension StoreError {
    /// What a failure of Ceph means for a store. What is not there, is there already or is in use is told apart by who knows of
    /// what; here these are what they look like.
    package init(_ error: RBDError) {
        switch error {
        case .libraryMissing(let text), .badConfiguration(let text): self = .badConfiguration(text)
        case .timeout: self = .timeout
        case .failed(ENOENT, _): self = .notFound
        case .failed(EEXIST, _): self = .duplicate
        case .failed(RBDError.tooLate, _): self = .tooLate
        // Its entry in the pool's directory has changed under librbd's hands.
        case .failed(ESTALE, let doing): self = .inUse("\(doing): somebody else is removing it")
        case .failed(EBUSY, let doing): self = .inUse("\(doing): somebody has it open, or there are clones of it")
        // The cluster has refused this client (`ceph osd blocklist ls`); the next request makes another connection.
        case .failed(ESHUTDOWN, let doing): self = .backend("\(doing): the Ceph cluster has shut out this connection")
        case .failed(let code, let doing): self.init(errno: code, doing)
        }
    }
}

extension RBDError {
    /// Ceph has no such error.
    fileprivate static let tooLate = ETIME

    /// To be called before each step of a removal.
    ///
    /// - Throws: what becomes ``StoreError/tooLate``.
    package static func requireTime(_ context: StoreContext) throws(RBDError) {
        do throws(StoreError) {
            try context.requireTime()
        } catch {
            throw .failed(code: tooLate, doing: "cannot remove")
        }
    }
}
