/// Why the options about notifications cannot be used.
public enum NotificationSettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `transport_url`, by the name of its group.
    case url(group: String, TransportURLError)
    /// A broker of a kind that is not spoken.
    case scheme(group: String, String)
    /// A value that is none of its option.
    case value(option: String, String)
    case quorumAndMirrored

    public var description: String {
        switch self {
        case .url(let group, let error): "[\(group)] transport_url cannot be read: \(error)"
        case .scheme(let group, let scheme):
            "[\(group)] transport_url is one of \(scheme)://, which notifications are not sent to; rabbit:// is"
        case .value(let option, let value):
            "[oslo_messaging_rabbit] \(option) = \(value) (or in the query of transport_url) is not a value of it"
        case .quorumAndMirrored:
            "[oslo_messaging_rabbit] rabbit_quorum_queue and rabbit_ha_queues exclude each other"
        }
    }
}
