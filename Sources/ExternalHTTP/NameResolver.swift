import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

/// Finds the addresses of a host name.
public struct NameResolver: Sendable {
    /// All addresses of a name in the order in which they should be tried; empty if there are none.
    let addresses: @Sendable (_ name: String) async -> [IPAddress]

    init(addresses: @escaping @Sendable (_ name: String) async -> [IPAddress]) {
        self.addresses = addresses
    }

    /// The system's resolver (`getaddrinfo(3)`).
    public static let system = NameResolver { name in
        (try? await threads.runIfActive { lookUp(name) }) ?? []
    }

    /// Threads of their own: a name server of a stranger that takes its time holds up nothing but other names.
    private static let threads = NIOThreadPool._makePerpetualStartedPool(numberOfThreads: 4, threadNamePrefix: "name-")

    @Sendable private static func lookUp(_ name: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        return sequence(first: list) { $0?.pointee.ai_next }.compactMap { entry in
            guard let entry, let address = entry.pointee.ai_addr else { return nil }
            switch entry.pointee.ai_family {
            case AF_INET:
                return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    withUnsafeBytes(of: $0.pointee.sin_addr) { IPAddress(bytes: Array($0)) }
                }
            case AF_INET6:
                return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    withUnsafeBytes(of: $0.pointee.sin6_addr) { IPAddress(bytes: Array($0)) }
                }
            default: return nil
            }
        }
    }
}
