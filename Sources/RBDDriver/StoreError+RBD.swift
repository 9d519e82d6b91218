import Glibc
import ImageStore
import RBD

extension StoreError {
    /// What a failure of Ceph means for a store. What is not there, is there already or is in use is told apart by who knows of
    /// what; here these are what they look like.
    init(_ error: RBDError) {
        switch error {
        case .libraryMissing(let text), .badConfiguration(let text): self = .badConfiguration(text)
        case .timeout: self = .timeout
        case .failed(ENOENT, _): self = .notFound
        case .failed(EEXIST, _): self = .duplicate
        case .failed(EBUSY, let doing): self = .inUse("\(doing): somebody has it open, or there are clones of it")
        // The cluster has refused this client (`ceph osd blocklist ls`); the next request makes another connection.
        case .failed(ESHUTDOWN, let doing): self = .backend("\(doing): the Ceph cluster has shut out this connection")
        case .failed(let code, let doing): self.init(errno: code, doing)
        }
    }
}
