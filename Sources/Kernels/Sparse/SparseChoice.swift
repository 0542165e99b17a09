/// Whether a product runs on its nonzero weights alone.
package enum SparseChoice: Hashable, Sendable {
  /// Where `KernelCosts` expects it to be faster.
  case automatic
  /// Wherever the geometry allows it.
  case always
  /// Nowhere.
  case never

  /// The plan of a sparse product with int8 weights [output][input][tap], or nil for a dense one.
  func plan(
    _ g: ConvolutionGeometry, weights: UnsafePointer<Int8>, form: WeightForm, isa: InstructionSet
  ) -> SparsePlan? {
    guard self != .never, case .plain(let nonzero, let quads) = form, g.groups == 1,
      g.outputPixels > 0
    else {
      return nil
    }
    let plan = SparsePlan(g, words: (g.inputChannels + 3) / 4)
    if self == .always { return plan }
    // Few channels are a case of their own, which dense products treat better.
    guard isa != .portable, g.inputChannels >= 16 else { return nil }
    // A quad holds four of them at most: few zeros need no closer look.
    if let nonzero, !KernelCosts.u8s8.prefersSparse(g, plan, stored: nonzero / 4) { return nil }
    if let quads { return KernelCosts.u8s8.prefersSparse(g, plan, stored: quads) ? plan : nil }
    var stored = 0
    let taps = plan.taps
    for output in 0..<g.outputChannels {
      let from = weights + output * g.depth
      for first in stride(from: 0, to: g.inputChannels, by: 4) {
        let last = min(first + 4, g.inputChannels)
        for tap in 0..<taps {
          var bits: Int8 = 0
          for channel in first..<last { bits |= from[channel * taps + tap] }
          if bits != 0 { stored += 1 }
        }
      }
    }
    let isFaster = KernelCosts.u8s8.prefersSparse(g, plan, stored: stored)
    return isFaster ? plan : nil
  }

  /// The plan of a sparse product with float weights, or nil for a dense one.
  func plan(
    _ g: ConvolutionGeometry, weights: UnsafePointer<Float>, form: WeightForm, isa: InstructionSet
  ) -> SparsePlan? {
    guard self != .never, case .plain(let nonzero, _) = form, g.groups == 1, g.outputPixels > 0
    else {
      return nil
    }
    let plan = SparsePlan(g, words: g.inputChannels)
    if self == .always { return plan }
    // Few channels are a case of their own, which dense products treat better.
    guard isa != .portable, g.inputChannels >= 16 else { return nil }
    var stored = nonzero ?? 0
    if nonzero == nil {
      for index in 0..<g.outputChannels * g.depth where weights[index] != 0 { stored += 1 }
    }
    let isFaster = KernelCosts.f32.prefersSparse(
      g, plan, stored: stored, hasWinograd: WinogradF32(g, isa: isa) != nil)
    return isFaster ? plan : nil
  }
}
