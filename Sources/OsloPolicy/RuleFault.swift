/// What is wrong with one expression, before anybody knows which rule it belongs to.
struct RuleFault: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
