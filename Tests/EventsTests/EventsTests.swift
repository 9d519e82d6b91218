import Testing

@testable import Events

@Suite struct EventsTests {}
