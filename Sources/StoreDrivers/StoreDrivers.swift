import CinderDriver
import FileDriver
import HTTPDriver
public import ImageStore
import RBDDriver
import S3Driver
import SwiftDriver
import VMwareDriver

extension StoreDriver {
    /// All drivers of this release.
    public static let all: [StoreDriver] = [.file, .http, .rbd, .s3, .swift, .vmware, .cinder]
}
