/// Orders in which kernels want the weights of a dense convolution.
enum WeightOrder {
  /// Calls `body` with the position in panels and the position in OIHW, for every weight.
  ///
  /// Panels are [group][panel][taps x elements / quantum][16][quantum], with zeros where there is no
  /// weight; taps that lie side by side are padded to `quantum` together.
  static func forEach(
    _ g: ConvolutionGeometry, plan: ProductPlan, quantum: Int,
    _ body: (_ packed: Int, _ source: Int, _ output: Int) -> Void
  ) {
    let channels = g.inputChannels / g.groups
    let taps = g.kernelHeight * g.kernelWidth
    for output in 0..<g.outputChannels {
      let group = output / plan.columns
      let column = output % plan.columns
      let panel = (group * plan.panels + column / 16) * plan.panelElements
      for channel in 0..<channels {
        for tap in 0..<taps {
          let element =
            tap / plan.sideBySide * plan.tapElements + tap % plan.sideBySide * channels + channel
          let packed =
            panel + element / quantum * 16 * quantum + column % 16 * quantum + element % quantum
          body(packed, (output * channels + channel) * taps + tap, output)
        }
      }
    }
  }
}
