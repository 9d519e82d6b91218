import Glibc

/// A library that is loaded while the process runs, and stays.
struct SharedLibrary {
    private let handle: UnsafeMutableRawPointer
    private let name: String
    private let package: String

    /// - Parameter package: its name in Debian, and in the RPM distributions.
    init(_ name: String, package: String) throws(RBDError) {
        guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
            throw .libraryMissing(
                "\(name) cannot be loaded (\(Self.lastError)); install the package \(package), which has the same name "
                    + "in Debian and in RPM distributions")
        }
        self.handle = handle
        self.name = name
        self.package = package
    }

    /// A function with the type that the caller expects it to have.
    func function<Function>(_ symbol: String) throws(RBDError) -> Function {
        guard let address = dlsym(handle, symbol) else {
            throw .libraryMissing("\(name) has no \(symbol): Ceph 15 or newer is needed; update the package \(package)")
        }
        return unsafeBitCast(address, to: Function.self)
    }

    private static var lastError: String { dlerror().map { String(cString: $0) } ?? "unknown error" }
}
