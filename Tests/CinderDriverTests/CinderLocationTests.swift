import ImageStore
import Testing

@testable import CinderDriver

@Suite struct CinderLocationTests {
    private static let volume = "71c675ab-d94f-49cd-a114-e12490b328d9"

    @Test func writesWhatGlanceWrites() {
        #expect(
            CinderLocation.url(ofVolume: Self.volume, in: StoreIdentity(id: "fast")) == "cinder://fast/\(Self.volume)")
        #expect(
            CinderLocation.url(ofVolume: Self.volume, in: StoreIdentity(id: "cinder", isInLocations: false))
                == "cinder://\(Self.volume)")
    }

    @Test func readsBothForms() throws {
        let location = try CinderLocation(url: "cinder://fast/\(Self.volume)")
        #expect(location.store == "fast" && location.volumeID == Self.volume)
        let old = try CinderLocation(url: "CINDER://\(Self.volume)")
        #expect(old.store == nil && old.volumeID == Self.volume)
    }

    @Test(arguments: [
        "", "cinder://", "cinder://fast/", "cinder:///71c675ab-d94f-49cd-a114-e12490b328d9", "cinder://fast/volume",
        "cinder://a/b/71c675ab-d94f-49cd-a114-e12490b328d9", "rbd://71c675ab-d94f-49cd-a114-e12490b328d9",
        "cinder://fast/../71c675ab-d94f-49cd-a114-e12490b328d9", "cinder://71c675ab-d94f-49cd-a114-e12490b328d9?x",
    ])
    func refusesWhatNamesNoVolume(_ url: String) {
        let error = #expect(throws: StoreError.self) { try CinderLocation(url: url) }
        guard case .badLocation = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
