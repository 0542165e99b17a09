import CKernels

/// A set of vector instructions; each one includes those before it.
public enum InstructionSet: Int, CaseIterable, Comparable, Sendable {
  /// What Swift compiles to everywhere: the reference.
  case portable = 0
  /// AVX2 and FMA.
  case avx2 = 1
  /// AVX-512 F, BW, VL, DQ and VNNI.
  case avx512vnni = 2

  /// The largest set that this processor and its operating system have.
  public static let best = InstructionSet(rawValue: Int(pare_cpu_isa())) ?? .portable

  /// Whether the left set is a part of the right one.
  public static func < (left: InstructionSet, right: InstructionSet) -> Bool {
    left.rawValue < right.rawValue
  }
}
