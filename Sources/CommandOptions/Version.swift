/// What `--version` of every command prints.
public enum Version {
    public static let current = "0.1.0"
}
