import Kernels

/// Which weights of a parameter may be other than zero.
public struct WeightMask: Sendable, Hashable {
  /// For each weight 1 where it stays, 0 where it is gone.
  public private(set) var kept: [UInt8]

  /// A mask that keeps all of `count` weights.
  public init(keepingAll count: Int) { kept = [UInt8](repeating: 1, count: count) }

  /// A mask that keeps what is not zero.
  public init(nonzero weights: UnsafeBufferPointer<Float>) {
    kept = weights.map { $0 == 0 ? 0 : 1 }
  }

  /// A mask of one byte for each weight, zero where it is gone.
  public init(kept: [UInt8]) { self.kept = kept.map { $0 == 0 ? 0 : 1 } }

  /// Whether a weight stays.
  public subscript(index: Int) -> Bool {
    get { kept[index] != 0 }
    set { kept[index] = newValue ? 1 : 0 }
  }

  /// Weights.
  public var count: Int { kept.count }

  /// Weights that are gone.
  public var zeros: Int { kept.reduce(0) { $1 == 0 ? $0 + 1 : $0 } }

  /// Sets to zero what is gone: of weights, gradients or moments, of which there are `count`.
  public func apply(to values: UnsafeMutableBufferPointer<Float>) {
    apply(UnsafeBufferPointer(values), to: values, pool: nil)
  }

  /// Writes `values` with zeros for what is gone to `result`, which may be the same memory.
  func apply(
    _ values: UnsafeBufferPointer<Float>, to result: UnsafeMutableBufferPointer<Float>,
    pool: ThreadPool?
  ) {
    precondition(
      values.count == kept.count && result.count == kept.count, "the mask is another parameter's")
    kept.withUnsafeBufferPointer { kept in
      func run(_ range: Range<Int>) {
        // A choice, not a product: a gradient that is no number is gone too.
        for i in range { result[i] = kept[i] == 0 ? 0 : values[i] }
      }
      guard let pool else { return run(kept.indices) }
      pool.pieces(of: kept.count, run)
    }
  }
}
