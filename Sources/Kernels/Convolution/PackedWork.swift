/// What a product with packed weights reads and does in one run, for profiles.
public struct PackedWork: Sendable {
  /// Bytes of weights and constants as the kernel reads them.
  public let bytes: Int
  /// The part of the multiply-accumulates that is done; below one where zeros are skipped.
  public let density: Double
}

extension SparseProduct {
  /// What one run reads, and does.
  var work: PackedWork {
    let all = plan.rows * plan.outputs
    return PackedWork(
      bytes: streams.byteCount,
      density: all == 0 ? 1 : min(1, Double(streams.count) / Double(all)))
  }
}

extension PackedWeightsI8 {
  /// The work of one run.
  var work: PackedWork {
    let constants = constantWords * 4
    switch shape {
    case .sparse(let product, _, _):
      return PackedWork(bytes: product.work.bytes + constants, density: product.work.density)
    case .balanced(let plan, let weights, _):
      let all = plan.taps * weights.segments.quads * plan.columns
      return PackedWork(
        bytes: weights.byteCount + constants,
        density: all == 0 ? 1 : min(1, Double(weights.stored) / Double(all)))
    case .product, .depthwise, .rows:
      return PackedWork(bytes: self.weights.count + constants, density: 1)
    }
  }
}
