import ImageAPI
import OsloConfig
import Scoreboard

/// The paste file and the flavor.
struct PipelineCheck: Check {
    let name = CheckName.pipeline
    let failureStatus = ExitStatus.configFileValueError
    let configuration: Configuration

    func run() async -> [Finding] {
        do {
            let pipeline = try Pipeline(configuration: configuration)
            let flavor = configuration[Options.PasteDeploy.flavor] ?? ""
            return pipeline.warnings.isEmpty
                ? [.success("flavor \(flavor.isEmpty ? "unset" : flavor)")] : pipeline.warnings.map { .warning($0) }
        } catch {
            return [.failure("\(error)")]
        }
    }
}
