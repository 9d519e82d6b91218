public import OsloConfig

extension OsloLog {
    /// The file that `[DEFAULT] log_file` and `log_dir` come to, nil when they name none.
    ///
    /// - Parameter program: names the file in `log_dir`.
    public static func logFile(of configuration: Configuration, program: String) -> String? {
        let file = configuration[Options.Default.logFile].flatMap { $0.isEmpty ? nil : $0 }
        let directory = configuration[Options.Default.logDir].flatMap { $0.isEmpty ? nil : $0 }
        guard let directory else { return file }
        guard let file else { return directory + "/" + program + ".log" }
        return file.hasPrefix("/") ? file : directory + "/" + file
    }
}
