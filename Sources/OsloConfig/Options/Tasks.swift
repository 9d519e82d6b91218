extension Options {
    /// The group `[task]`.
    public enum Task {
        static let group = "task"

        public static let taskTimeToLive = Option<Int>(
            .notYet, group, "task_time_to_live", default: 48, oldNames: ["DEFAULT/task_time_to_live"],
            help: "Hours a finished task stays before expiry.")

        public static let taskExecutor = Option<String>(
            .noMeaning("tasks run on the one built-in engine"), group, "task_executor", default: "taskflow",
            choices: ["taskflow"],
            help: "Task engine; only taskflow remains.")

        public static let workDir = Option<String?>(
            .notYet, group, "work_dir", default: nil,
            help: "Scratch directory of tasks (single-store mode).")

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
            help: "TaskFlow engine flavour.")

        public static let maxWorkers = Option<Int>(
            .notYet, group, "max_workers", default: 10, minimum: 1,
            help: "Engine thread count.")

        public static let conversionFormat = Option<String?>(
            .notYet, group, "conversion_format", default: nil, choices: ["qcow2", "raw", "vmdk"],
            help: "Legacy import task: target format of conversion.")

        static var all: [OptionDeclaration] {
            [
                engineMode.declaration, maxWorkers.declaration, conversionFormat.declaration,
            ]
        }
    }
}
