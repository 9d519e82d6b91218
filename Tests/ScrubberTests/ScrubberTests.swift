import Testing

@testable import Scrubber

@Suite struct ScrubberTests {}
