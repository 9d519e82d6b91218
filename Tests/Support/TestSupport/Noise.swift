/// Reproducible bytes that do not compress: the same seed and count give the same bytes.
public enum Noise {
    public static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        return [UInt8](unsafeUninitializedCapacity: (count + 7) & ~7) { buffer, initialized in
            buffer.withMemoryRebound(to: UInt64.self) { words in
                for index in words.indices {
                    // SplitMix64
                    state &+= 0x9e37_79b9_7f4a_7c15
                    var word = state
                    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
                    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
                    words[index] = word ^ (word >> 31)
                }
            }
            initialized = count
        }
    }
}
