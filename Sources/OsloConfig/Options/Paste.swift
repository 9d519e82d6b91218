extension Options {
    /// The group `[paste_deploy]`.
    public enum PasteDeploy {
        static let group = "paste_deploy"

        public static let flavor = Option<String?>(
            .honoured, group, "flavor", default: nil,
            help: """
                Which pipeline of the paste file serves the API: unset, keystone, caching, cachemanagement, \
                keystone+caching or keystone+cachemanagement. Anything but the keystone flavors makes every \
                caller an administrator.
                """)

        public static let configFile = Option<String?>(
            .honoured, group, "config_file", default: nil,
            help: """
                The paste file. Without it the configuration file's name with -paste.ini instead of .conf is \
                looked for.
                """)

        public static let ignoredFilters = Option<[String]>(
            .honoured, group, "ignored_filters", default: [],
            help: "Filters of the paste file to run without, because this server cannot run Python ones. Not in Glance."
        )

        static var all: [OptionDeclaration] {
            [
                flavor.declaration, configFile.declaration, ignoredFilters.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[wsgi]`.
    public enum Wsgi {
        static let group = "wsgi"

        public static let taskPoolThreads = Option<Int>(
            .notYet, group, "task_pool_threads", default: 16, minimum: 1,
            help: "Threads for work in the background in each worker process.")

        public static let pythonInterpreter = Option<String?>(
            .noMeaning("no Python interpreter is used"), group, "python_interpreter", default: nil,
            help: "Python interpreter for helper programs.")

        static var all: [OptionDeclaration] {
            [
                taskPoolThreads.declaration, pythonInterpreter.declaration,
            ]
        }
    }
}
