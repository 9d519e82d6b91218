import Testing

@testable import UpgradeCheck

@Suite struct UpgradeCheckTests {}
