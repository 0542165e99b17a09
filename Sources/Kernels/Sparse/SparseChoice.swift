/// Whether a product runs on its nonzero weights alone, and how.
package enum SparseChoice: String, Hashable, Sendable {
  /// As `KernelCosts` expects it to be fastest.
  case automatic
  /// With pixels in lanes, wherever the geometry allows it.
  case lanes
  /// With outputs in lanes, wherever the geometry allows it; integers only.
  case balanced
  /// On all weights.
  case never
}

/// How a product with int8 weights skips zeros.
enum SparseFormI8 {
  /// `SparseProduct`.
  case lanes(SparsePlan)
  /// `BalancedWeights`.
  case balanced(BlockCounts)
}

extension SparseChoice {
  /// How a product with int8 weights [output][input][tap] skips zeros, or nil for a dense one.
  func form(
    _ g: ConvolutionGeometry, weights: UnsafePointer<Int8>, form: WeightForm, isa: InstructionSet
  ) -> SparseFormI8? {
    guard self != .never, case .plain(let nonzero) = form, g.groups == 1, g.outputPixels > 0 else {
      return nil
    }
    let plan = SparsePlan(g, words: (g.inputChannels + 3) / 4)
    if self == .lanes { return .lanes(plan) }
    let canBalance = ProductPlan.reads(g, quantum: 4).isByPixel
    if self == .balanced {
      return canBalance ? .balanced(BlockCounts(g, weights: weights)) : nil
    }
    // Few channels are a case of their own, which dense products treat better.
    guard isa != .portable, g.inputChannels >= 16 else { return nil }
    let costs = KernelCosts.u8s8
    let dense = costs.dense(g, rows: plan.rows)
    // A quad holds four of them at most: few zeros need no closer look.
    if let nonzero {
      let least = min(
        costs.sparse(plan, stored: nonzero / 4),
        costs.balanced(g, steps: nonzero / 64, segments: 0))
      guard least < dense else { return nil }
    }
    let blocks = BlockCounts(g, weights: weights)
    let lanes = costs.sparse(plan, stored: blocks.stored)
    let balanced =
      canBalance && plan.words >= BlockSegments.fewestQuads
        && KernelTable.has(.bsgemmU8S8, upTo: isa)
      ? costs.balanced(g, steps: blocks.totalSteps, segments: blocks.usedSegments) : .infinity
    guard min(lanes, balanced) < dense else { return nil }
    return balanced < lanes ? .balanced(blocks) : .lanes(plan)
  }

  /// The plan of a sparse product with float weights, or nil for a dense one.
  func plan(
    _ g: ConvolutionGeometry, weights: UnsafePointer<Float>, form: WeightForm, isa: InstructionSet
  ) -> SparsePlan? {
    guard self != .never, case .plain(let nonzero) = form, g.groups == 1, g.outputPixels > 0 else {
      return nil
    }
    let plan = SparsePlan(g, words: g.inputChannels)
    if self == .lanes { return plan }
    // Few channels are a case of their own, which dense products treat better.
    guard isa != .portable, g.inputChannels >= 16 else { return nil }
    var stored = nonzero ?? 0
    if nonzero == nil {
      for index in 0..<g.outputChannels * g.depth where weights[index] != 0 { stored += 1 }
    }
    let isFaster = KernelCosts.f32.prefersSparse(
      g, plan, stored: stored, hasWinograd: WinogradF32(g, isa: isa) != nil,
      hasDots: ProductPlan.takesDots(g, isa: isa))
    return isFaster ? plan : nil
  }
}
