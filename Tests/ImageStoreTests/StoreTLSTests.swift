import Foundation
import ImageModel
import ImageStore
import TestSupport
import Testing

@testable import S3Driver
@testable import SwiftDriver
@testable import VMwareDriver

/// Which servers the stores trust that speak HTTP: each behind a front with certificates of several kinds.
@Suite struct StoreTLSTests {
    enum Service: CaseIterable {
        case s3, swift, vmware

        /// Whether an option accepts any certificate.
        var mayBeInsecure: Bool { self != .s3 }
    }

    enum Trust {
        case system
        case authorities(String)
        case everybody
    }

    /// Makes a store that talks to the front at a URL.
    private typealias Maker = (_ url: String, Trust) throws -> any Store

    private func withFront(
        _ service: Service, _ body: (SupportServer, Maker) async throws -> Void
    ) async throws {
        switch service {
        case .s3:
            let backend = try await S3Service.gateway()
            let options = backend.options()
            try await withServer("tlsfront", ["TLS_BACKEND": backend.url]) { front in
                try await body(front) { url, trust in
                    var options = options
                    options["s3_store_host"] = url
                    if case .authorities(let file) = trust { options["s3_store_cacert"] = file }
                    return try S3Store.made(options)
                }
            }
        case .swift:
            let backend = try await SwiftService.tempAuth()
            let options = backend.options()
            try await withServer("tlsfront", ["TLS_BACKEND": backend.server.setting("SWIFT_URL")]) { front in
                try await body(front) { url, trust in
                    var options = options
                    options["swift_store_auth_address"] = "\(url)/auth/v1.0"
                    // Swift itself knows nothing of TLS.
                    options["swift_store_endpoint"] = "\(url)/v1/TEMP_lab"
                    switch trust {
                    case .system: break
                    case .authorities(let file): options["swift_store_cacert"] = file
                    case .everybody: options["swift_store_auth_insecure"] = "true"
                    }
                    return try SwiftStore.made(options)
                }
            }
        case .vmware:
            try await withServer("vsphere") { backend in
                let address = try "https://" + backend.setting("VSPHERE_HOST")
                try await withServer("tlsfront", ["TLS_BACKEND": address]) { front in
                    try await body(front) { url, trust in
                        var settings = try VMwareTestStore.settings(backend)
                        settings.server = try #require(VSphereAddress(String(url.dropFirst("https://".count))))
                        settings.tls.caFile = if case .authorities(let file) = trust { file } else { nil }
                        settings.tls.isInsecure = if case .everybody = trust { true } else { false }
                        return try VMwareStore(identity: StoreIdentity(id: "vmware"), settings: settings)
                    }
                }
            }
        }
    }

    private func works(_ store: any Store) async throws {
        try await TestStore.finally(store) {
            try await store.prepare()
            try await store.check()
            let bytes = Noise.bytes(1_000_000, seed: 1)
            let location = try await store.add(UUID().uuidString.lowercased(), bytes)
            #expect(store.type == "vmware" || location.url.hasPrefix("\(store.type)+https://"))
            #expect(try await store.read(location) == bytes)
        }
    }

    private func isRefused(_ store: any Store) async throws {
        try await TestStore.finally(store) {
            let attempts: [() async throws -> Void] = [
                { try await store.check() }, { try await store.add(UUID().uuidString.lowercased(), [1]) },
            ]
            for attempt in attempts {
                let error = await #expect(throws: StoreError.self) { try await attempt() }
                // 503, and the operator learns why.
                #expect(error?.isOutage == true, "\(String(describing: error))")
                let text = error?.text ?? ""
                #expect(text.contains("TLS") || text.contains("certificate is not trusted"), "\(text)")
            }
        }
    }

    @Test(arguments: Service.allCases)
    func aTrustedServerIsTalkedTo(_ service: Service) async throws {
        try await withFront(service) { front, make in
            let authorities = Trust.authorities(try front.setting("TLS_CA"))
            try await works(make(front.setting("TLS_URL"), authorities))
            try await works(make(front.setting("TLS_FOREIGN_URL"), .authorities(front.setting("TLS_FOREIGN_CA"))))
        }
    }

    @Test(arguments: Service.allCases)
    func aForeignCertificateIsRefused(_ service: Service) async throws {
        try await withFront(service) { front, make in
            let authorities = Trust.authorities(try front.setting("TLS_CA"))
            try await isRefused(make(front.setting("TLS_FOREIGN_URL"), authorities))
            try await isRefused(make(front.setting("TLS_URL"), .system))
        }
    }

    @Test(arguments: Service.allCases)
    func anExpiredCertificateIsRefused(_ service: Service) async throws {
        try await withFront(service) { front, make in
            let authorities = Trust.authorities(try front.setting("TLS_CA"))
            try await isRefused(make(front.setting("TLS_EXPIRED_URL"), authorities))
        }
    }

    @Test(arguments: Service.allCases.filter(\.mayBeInsecure))
    func anyCertificateWillDoWhereTheOptionsSaySo(_ service: Service) async throws {
        try await withFront(service) { front, make in
            for setting in ["TLS_EXPIRED_URL", "TLS_FOREIGN_URL"] {
                try await works(make(front.setting(setting), .everybody))
            }
        }
    }
}
