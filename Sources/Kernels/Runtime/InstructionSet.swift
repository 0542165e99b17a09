import CKernels

/// A set of vector instructions for which there are kernels.
///
/// Within one architecture most sets include others, but not all: a processor may have AVX-512 VNNI
/// and not AVX-VNNI, which encodes the same products for shorter vectors anew. So there is no order;
/// `includes(_:)` says what may run where.
public enum InstructionSet: Int, CaseIterable, Sendable {
  /// What Swift compiles to everywhere: the reference.
  case portable = 0
  /// AVX2 and FMA.
  case avx2 = 1
  /// AVX2, FMA and AVX-VNNI.
  case avx2vnni = 2
  /// AVX-512 F, BW, VL, DQ and VNNI.
  case avx512vnni = 3
  /// The vector instructions that every 64-bit Arm processor has.
  case neon = 4
  /// NEON with FEAT_DotProd.
  case neondot = 5
  /// NEON with FEAT_DotProd and FEAT_I8MM, whose products take unsigned times signed bytes.
  case neoni8mm = 6

  /// The sets that this processor and its operating system have, the least first.
  public static let available: [InstructionSet] = {
    let sets = pare_cpu_isas()
    return allCases.filter { sets >> UInt32($0.rawValue) & 1 == 1 }
  }()

  /// The largest set that this processor has, as far as `limit(to:)` allows: what layers take unless
  /// told otherwise.
  public static var best: InstructionSet {
    if let limit = InstructionSet(rawValue: Int(pare_isa_limit())) { return limit }
    return available.last ?? .portable
  }

  /// Holds every layer made from now on, in this process, to `set`, which must be available; nil ends it.
  ///
  /// For tests and benchmarks that compare instruction sets. Call it before layers are made.
  public static func limit(to set: InstructionSet?) {
    pare_set_isa_limit(Int32(set?.rawValue ?? -1))
  }

  /// Whether what runs on `other` also runs where this set is.
  public func includes(_ other: InstructionSet) -> Bool {
    switch (self, other) {
    case (_, .portable): true
    case (.avx2vnni, .avx2), (.avx512vnni, .avx2): true
    case (.neondot, .neon), (.neoni8mm, .neon), (.neoni8mm, .neondot): true
    default: self == other
    }
  }

  /// What kernels of this set take away from uint8 activations before they multiply.
  ///
  /// It is 128 where there are products of signed bytes only; start values make up for it.
  package var activationOffset: Int32 { self == .neondot ? 128 : 0 }

  /// Whether this processor has the set.
  public var isAvailable: Bool { Self.available.contains(self) }
}
