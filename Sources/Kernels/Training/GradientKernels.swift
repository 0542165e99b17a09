import CKernels

/// Passes over gradients of rows of channels, which lie behind each other: those of normalization and of
/// clamps.
///
/// Sums depend on the instruction set by their rounding, and on nothing else.
public struct GradientKernels: Sendable {
  private let moments: Kernel<MomentsFunctionF32>
  private let sums: Kernel<GradientSumsFunctionF32>
  private let normalized: Kernel<NormalizedGradientFunctionF32>
  private let clamp: Kernel<ClampGradientFunctionF32>
  private let accumulation: Kernel<AccumulateFunctionF32>

  /// The kernels for the best instruction set there is, looked up once.
  public static var best: GradientKernels { all[InstructionSet.best.rawValue] }
  private static let all = InstructionSet.allCases.map { GradientKernels($0) }

  /// The kernels for `isa`, or for the largest set below it that has them.
  public init(_ isa: InstructionSet = .best) {
    moments = KernelTable.best(.momentsF32, upTo: isa, reference: momentsReferenceF32)
    sums = KernelTable.best(.gradientSumsF32, upTo: isa, reference: gradientSumsReferenceF32)
    normalized = KernelTable.best(
      .normalizedGradientF32, upTo: isa, reference: normalizedGradientReferenceF32)
    clamp = KernelTable.best(.clampGradientF32, upTo: isa, reference: clampGradientReferenceF32)
    accumulation = KernelTable.best(.accumulateF32, upTo: isa, reference: accumulateReferenceF32)
  }

  /// Writes the sums of x - shift over rows, and those of its square, for each channel.
  public func moments(
    rows: Int, channels: Int, _ x: UnsafePointer<Float>, shift: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Float>, squares: UnsafeMutablePointer<Float>
  ) {
    moments.function(rows, channels, x, shift, sums, squares)
  }

  /// Writes, for each channel, the sums over rows of the gradient where y lies strictly within the bounds
  /// (of all of it without y), and with x those of its products with x - shift.
  ///
  /// With y and without x, the gradient within the bounds is written to `out`, else zero; it may be
  /// the gradient's own memory.
  public func sums(
    rows: Int, channels: Int, x: UnsafePointer<Float>? = nil, shift: UnsafePointer<Float>? = nil,
    y: UnsafePointer<Float>?, bounds: (min: Float, max: Float), _ gradient: UnsafePointer<Float>,
    out: UnsafeMutablePointer<Float>? = nil, sums: UnsafeMutablePointer<Float>,
    products: UnsafeMutablePointer<Float>? = nil
  ) {
    self.sums.function(
      rows, channels, x, y, gradient, bounds.min, bounds.max, shift, out, sums, products)
  }

  /// Writes factor · d + slope · x + offset, or adds it, where d is the gradient as above.
  public func normalized(
    rows: Int, channels: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>?,
    bounds: (min: Float, max: Float), _ gradient: UnsafePointer<Float>,
    factors: UnsafePointer<Float>, slopes: UnsafePointer<Float>, offsets: UnsafePointer<Float>,
    to result: UnsafeMutablePointer<Float>, adds: Bool
  ) {
    normalized.function(
      rows, channels, x, y, gradient, bounds.min, bounds.max, factors, slopes, offsets, result,
      adds ? 1 : 0)
  }

  /// Writes the gradient where y lies strictly within the bounds, else zero, or adds it.
  public func clamp(
    count: Int, y: UnsafePointer<Float>, bounds: (min: Float, max: Float),
    _ gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, adds: Bool
  ) {
    clamp.function(count, y, gradient, bounds.min, bounds.max, result, adds ? 1 : 0)
  }

  /// Adds factor · x to `result`.
  public func accumulate(
    count: Int, _ x: UnsafePointer<Float>, times factor: Float = 1,
    to result: UnsafeMutablePointer<Float>
  ) {
    accumulation.function(count, x, factor, result)
  }
}

package typealias MomentsFunctionF32 =
  @convention(c) (
    Int, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?,
    UnsafeMutablePointer<Float>?
  ) -> Void
package typealias GradientSumsFunctionF32 =
  @convention(c) (
    Int, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Float, Float,
    UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?,
    UnsafeMutablePointer<Float>?
  ) -> Void
package typealias NormalizedGradientFunctionF32 =
  @convention(c) (
    Int, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Float, Float,
    UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?,
    UnsafeMutablePointer<Float>?, Int32
  ) -> Void
package typealias ClampGradientFunctionF32 =
  @convention(c) (
    Int, UnsafePointer<Float>?, UnsafePointer<Float>?, Float, Float, UnsafeMutablePointer<Float>?,
    Int32
  ) -> Void
package typealias AccumulateFunctionF32 =
  @convention(c) (Int, UnsafePointer<Float>?, Float, UnsafeMutablePointer<Float>?) -> Void

/// The portable form of `moments_f32`.
package let momentsReferenceF32 = Kernel<MomentsFunctionF32>(
  name: StaticName("pare_moments_f32__portable"), rows: 1, columns: 1, isa: .portable
) { rows, channels, x, shift, sums, squares in
  guard let x, let shift, let sums, let squares else { return }
  for k in 0..<channels {
    var (sum, square): (Float, Float) = (0, 0)
    for row in 0..<rows {
      let d = x[row * channels + k] - shift[k]
      sum += d
      square += d * d
    }
    sums[k] = sum
    squares[k] = square
  }
}

/// The portable form of `gradient_sums_f32`.
package let gradientSumsReferenceF32 = Kernel<GradientSumsFunctionF32>(
  name: StaticName("pare_gradient_sums_f32__portable"), rows: 1, columns: 1, isa: .portable
) { rows, channels, x, y, g, low, high, shift, out, sums, products in
  guard let g, let sums else { return }
  for k in 0..<channels {
    var (sum, product): (Float, Float) = (0, 0)
    for row in 0..<rows {
      let i = row * channels + k
      let d = within(g[i], y.map { $0[i] }, low, high)
      sum += d
      if let x, let shift {
        product += d * (x[i] - shift[k])
      } else if y != nil, let out {
        out[i] = d
      }
    }
    sums[k] = sum
    if x != nil, let products { products[k] = product }
  }
}

/// The portable form of `normalized_gradient_f32`.
package let normalizedGradientReferenceF32 = Kernel<NormalizedGradientFunctionF32>(
  name: StaticName("pare_normalized_gradient_f32__portable"), rows: 1, columns: 1, isa: .portable
) { rows, channels, x, y, g, low, high, factors, slopes, offsets, to, adds in
  guard let x, let g, let factors, let slopes, let offsets, let to else { return }
  for row in 0..<rows {
    for k in 0..<channels {
      let i = row * channels + k
      let d = within(g[i], y.map { $0[i] }, low, high)
      let result = factors[k] * d + (slopes[k] * x[i] + offsets[k])
      to[i] = adds != 0 ? result + to[i] : result
    }
  }
}

/// The portable form of `clamp_gradient_f32`, same bits as the others.
package let clampGradientReferenceF32 = Kernel<ClampGradientFunctionF32>(
  name: StaticName("pare_clamp_gradient_f32__portable"), rows: 1, columns: 1, isa: .portable
) { count, y, g, low, high, to, adds in
  guard let y, let g, let to else { return }
  for i in 0..<count {
    let d = within(g[i], y[i], low, high)
    to[i] = adds != 0 ? to[i] + d : d
  }
}

/// The portable form of `accumulate_f32`.
package let accumulateReferenceF32 = Kernel<AccumulateFunctionF32>(
  name: StaticName("pare_accumulate_f32__portable"), rows: 1, columns: 1, isa: .portable
) { count, x, factor, to in
  guard let x, let to else { return }
  for i in 0..<count { to[i] += factor * x[i] }
}

@inline(__always)
private func within(_ g: Float, _ y: Float?, _ low: Float, _ high: Float) -> Float {
  guard let y else { return g }
  return y > low && y < high ? g : 0
}
