/// How the text of a value is read (the oslo.config type of the same name, where there is one).
public enum OptionType: Sendable, Equatable {
    case string
    case boolean
    case integer
    case float
    /// A TCP port, 0 to 65535.
    case port
    /// An IP address or a host name.
    case host
    /// An absolute URI.
    case uri
    /// A number with an optional unit `B`, `KB`, `MB`, `GB` or `TB` (powers of 1024); the value is in bytes.
    case byteCount
    /// A file mode in octal digits; the value is the mode itself.
    case fileMode
    /// Items between commas; `bounded` lists need square brackets around them and may have quoted items.
    case list(Item, bounded: Bool)
    /// `key:value` pairs between commas.
    case dictionary
    /// One string for each occurrence of the option.
    case multi

    /// What a list contains.
    public enum Item: Sendable {
        case string
        case integer
        case host
    }
}
