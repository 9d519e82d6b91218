import Testing

@testable import UnifiedLimits

@Suite struct UnifiedLimitsTests {}
