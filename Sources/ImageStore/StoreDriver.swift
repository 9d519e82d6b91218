public import Logging
public import NIOCore
public import OsloConfig

/// How stores of one kind are made. Each driver's module declares one value; `StoreDrivers` lists them all.
public struct StoreDriver: Sendable {
    /// What a store is made of.
    public struct Setup: Sendable {
        public var identity: StoreIdentity
        public var configuration: Configuration
        /// Where network connections live; nil is NIO's shared group.
        public var eventLoopGroup: (any EventLoopGroup)?
        public var logger: Logger

        public init(
            identity: StoreIdentity, configuration: Configuration, eventLoopGroup: (any EventLoopGroup)? = nil,
            logger: Logger
        ) {
            self.identity = identity
            self.configuration = configuration
            self.eventLoopGroup = eventLoopGroup
            self.logger = logger
        }
    }

    /// As `enabled_backends` names it: `file`, `rbd`.
    public var name: String
    /// The URL schemes of its locations, by which `[glance_store] stores` and `default_store` may name it, too.
    public var schemes: Set<String>
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    public var make: @Sendable (Setup) throws(StoreError) -> any Store

    public init(
        name: String, schemes: Set<String>, make: @escaping @Sendable (Setup) throws(StoreError) -> any Store
    ) {
        self.name = name
        self.schemes = schemes
        self.make = make
    }
}
