import Testing

/// Tests with the real servers around the real executables. One after the other, because each wants the machine for
/// itself.
@Suite(.serialized)
enum IntegrationTests {}
