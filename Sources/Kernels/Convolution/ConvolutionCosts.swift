/// What convolutions are expected to take in floats and in integers, in cycles of one core.
///
/// For choices that are made when a model is converted, so that they depend on sizes alone: nothing is timed,
/// and no machine is asked. As for `KernelCosts`, constants were measured on a Zen 5 core with 512-bit
/// vectors, and only ratios matter.
public enum ConvolutionCosts {
  /// Beginning a layer: sharing it out, and what it makes ready for each run.
  private static let layer = 400.0
  /// Taking the range of a float and quantizing it, its share of what reading it again costs included.
  private static let quantized = 0.33
  /// Beginning a step of quantization.
  private static let quantization = 400.0
  /// Storing 16 floats of an integer product beyond what 16 bytes take.
  private static let floatStore = 3.5
  /// Winograd's products for direct ones.
  private static let winograd = 0.65

  /// Cycles of a convolution of floats.
  public static func floats(_ g: ConvolutionGeometry) -> Double {
    let pixels = Double(g.outputPixels)
    if g.isDepthwise {
      return layer + pixels * Double((g.outputChannels + 15) / 16 * g.depth) * 0.5
    }
    if isFlat(g), g.outputChannels <= 4, g.inputChannels % 16 == 0 {
      return layer + KernelCosts.dots(g)
    }
    let dense = product(g, steps: g.depth, .f32)
    return layer + (mayBeWinograd(g) ? dense * winograd : dense)
  }

  /// Cycles of a convolution of integers that gives floats or bytes.
  public static func integers(_ g: ConvolutionGeometry, givesFloats: Bool = false) -> Double {
    let pixels = Double(g.outputPixels)
    if g.isDepthwise {
      // Blocks of 64 channels; of 16 or 32 several segments of a row are done together, of others one.
      let rest = g.outputChannels % 64
      let part = rest == 0 ? 0 : rest % 16 == 0 ? Double(rest) / 64 * 1.45 : 1.75
      let blocks = Double(g.outputChannels / 64) + part
      let store = givesFloats ? Double(g.outputChannels) / 16 * floatStore : 0
      return layer + pixels * (blocks * Double(g.depth) * 1.33 + store)
    }
    let channels = g.inputChannels / g.groups
    let taps = g.kernelHeight * g.kernelWidth
    let isWide = channels >= 32 || taps == 1
    let steps =
      isWide ? taps * ((channels + 3) / 4) : g.kernelHeight * ((channels * g.kernelWidth + 3) / 4)
    var cycles = product(g, steps: steps, .u8s8)
    // Rows of windows are found one by one, and copied where they reach into the padding.
    if !isWide { cycles += pixels * Double(g.groups * g.kernelHeight) * (channels < 3 ? 6 : 1) }
    if givesFloats { cycles += pixels * Double(panels(g)) * floatStore }
    return layer + cycles
  }

  /// Cycles of quantizing `count` floats by their own range.
  public static func quantizing(_ count: Int) -> Double { quantization + Double(count) * quantized }

  private static func panels(_ g: ConvolutionGeometry) -> Int {
    (g.outputChannels / g.groups + 15) / 16 * g.groups
  }

  /// A dense product; `KernelCosts` counts the panels of one group.
  private static func product(_ g: ConvolutionGeometry, steps: Int, _ costs: KernelCosts) -> Double
  {
    var group = g
    group.inputChannels /= g.groups
    group.outputChannels /= g.groups
    group.groups = 1
    return Double(g.groups) * costs.dense(group, rows: steps)
  }

  private static func isFlat(_ g: ConvolutionGeometry) -> Bool {
    g.isPointwise && g.groups == 1 && g.outputPixels > 1
  }

  private static func mayBeWinograd(_ g: ConvolutionGeometry) -> Bool {
    g.groups == 1 && g.kernelHeight == 3 && g.kernelWidth == 3
      && max(g.strideHeight, g.strideWidth, g.dilationHeight, g.dilationWidth) == 1
      && min(g.inputChannels, g.outputChannels) >= 16
  }

  /// Whether each group is one input and one output channel: integers gain little there, and nothing where
  /// the input must be quantized first.
  public static func isDepthwise(_ g: ConvolutionGeometry) -> Bool { g.isDepthwise }
}
