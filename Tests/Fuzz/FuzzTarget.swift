import Glibc

/// What `FUZZ_INSPECTOR` names.
private let target: InspectorProperties = {
    let name = getenv("FUZZ_INSPECTOR").map { String(cString: $0) } ?? "all"
    guard let target = InspectorProperties.all.first(where: { $0.name == name }) else {
        fatalError("FUZZ_INSPECTOR is none of \(InspectorProperties.all.map(\.name))")
    }
    return target
}()

/// libFuzzer calls this with every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafeRawPointer?, _ count: Int) -> CInt {
    do throws(InspectorProperties.Violation) {
        try target.check(UnsafeRawBufferPointer(start: data, count: count))
    } catch {
        fatalError("violated: \(error.property)")
    }
    return 0
}
