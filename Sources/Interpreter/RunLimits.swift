#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What a network may take at most: a small file may describe a large one.
public struct RunLimits: Sendable, Hashable {
  /// Bytes of activations.
  public var arena: Int
  /// Multiply-accumulates of one run, and what takes as long (`Operator.work`).
  public var work: Int
  /// Iterations of all loops of one run together.
  public var iterations: Int

  /// Limits; those that are not stated are the standard ones.
  public init(arena: Int = Self.machineBytes, work: Int = 1 << 44, iterations: Int = 1 << 20) {
    self.arena = arena
    self.work = work
    self.iterations = iterations
  }

  /// 16 GiB, or the memory of the machine where that is less.
  public static let machineBytes: Int = {
    let most = 1 << 34
    #if !hasFeature(Embedded) && (canImport(Glibc) || canImport(Darwin))
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    let size = sysconf(Int32(_SC_PAGESIZE))
    guard pages > 0, size > 0 else { return most }
    let (bytes, overflow) = pages.multipliedReportingOverflow(by: size)
    return overflow ? most : min(most, bytes)
    #else
    return most
    #endif
  }()
}
