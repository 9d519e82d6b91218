import Foundation
import Glibc
import TestSupport

/// Connections of clients that hardly do anything.
final class Sockets: Sendable {
    private let descriptors: [Int32]

    /// Opens connections to 127.0.0.1 and sends some bytes on each.
    ///
    /// - Parameter awaitAnswer: the first bytes of an answer are waited for, on each before the next is opened.
    init(port: Int, requests: [String], awaitAnswer: Bool) throws {
        var descriptors: [Int32] = []
        do { try Self.open(port, requests, awaitAnswer, &descriptors) } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
        self.descriptors = descriptors
    }

    private static func open(
        _ port: Int, _ requests: [String], _ awaitAnswer: Bool, _ descriptors: inout [Int32]
    ) throws {
        for request in requests {
            guard let descriptor = connection(port) else {
                throw TestFailure("connection \(descriptors.count): \(String(cString: strerror(errno)))")
            }
            descriptors.append(descriptor)
            let bytes = Array(request.utf8)
            guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw TestFailure("cannot write") }
            guard awaitAnswer else { continue }
            var answer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &answer, answer.count, 0)
            guard count > 12, String(decoding: answer[..<12], as: UTF8.self) == "HTTP/1.1 200" else {
                throw TestFailure("connection \(descriptors.count) is not answered")
            }
        }
    }

    deinit { for descriptor in descriptors { close(descriptor) } }

    /// The same bytes on each.
    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        for descriptor in descriptors {
            guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
                throw TestFailure("a slow client was cut off: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// A connection to 127.0.0.1.
    static func connection(_ port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
