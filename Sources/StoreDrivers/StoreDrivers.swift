import FileDriver
import HTTPDriver
public import ImageStore
import S3Driver
import SwiftDriver
import VMwareDriver

extension StoreDriver {
    /// All drivers of this release.
    public static let all: [StoreDriver] = [.file, .http, .s3, .swift, .vmware]
}
