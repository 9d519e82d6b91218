extension Options {
    /// The group `[task]`.
    public enum Task {
        static let group = "task"

        public static let taskTimeToLive = Option<Int>(
            .honoured, group, "task_time_to_live", default: 48, oldNames: ["DEFAULT/task_time_to_live"],
            help: "Hours for which a finished task stays visible.")

        public static let taskExecutor = Option<String>(
            .noMeaning("tasks run on the one built-in engine"), group, "task_executor", default: "taskflow",
            choices: ["taskflow", "eventlet"],
            help: "Engine that runs tasks.")

        public static let workDir = Option<String?>(
            .notYet, group, "work_dir", default: nil,
            help: """
                Directory for temporary files of tasks, when enabled_backends is not set. It needs room for \
                the largest image.
                """)

        static var all: [OptionDeclaration] {
            [
                taskTimeToLive.declaration, taskExecutor.declaration, workDir.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[taskflow_executor]`.
    public enum TaskflowExecutor {
        static let group = "taskflow_executor"

        public static let engineMode = Option<String>(
            .noMeaning("tasks run on the one built-in engine"), group, "engine_mode", default: "parallel",
            choices: ["serial", "parallel"],
            help: "Whether the steps of a task run one after another or side by side.")

        public static let maxWorkers = Option<Int>(
            .honoured, group, "max_workers", default: 10, minimum: 1,
            help: "How many steps run at the same time.")

        public static let conversionFormat = Option<String?>(
            .notYet, group, "conversion_format", default: nil, choices: ["qcow2", "raw", "vmdk"],
            help: "Disk format that the old import task converts images to.")

        static var all: [OptionDeclaration] {
            [
                engineMode.declaration, maxWorkers.declaration, conversionFormat.declaration,
            ]
        }
    }
}
