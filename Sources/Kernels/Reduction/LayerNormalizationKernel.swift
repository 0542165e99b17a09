package import CKernels

/// Normalization of rows to mean 0 and deviation 1, times a scale, plus a bias.
public struct LayerNormalizationKernel: Sendable {
  private let float: Kernel<LayerNormFunctionF32>
  private let byte: Kernel<LayerNormFunctionU8>

  /// The kernels for the best instruction set there is, looked up once.
  public static var best: LayerNormalizationKernel { all[InstructionSet.best.rawValue] }
  private static let all = InstructionSet.allCases.map { LayerNormalizationKernel($0) }

  /// The kernels for `isa`, or for the largest set below it that has them.
  public init(_ isa: InstructionSet = .best) {
    float = KernelTable.best(.layernormF32, upTo: isa, reference: layerNormReferenceF32)
    byte = KernelTable.best(.layernormU8, upTo: isa, reference: layerNormReferenceU8)
  }

  /// The names of the kernels.
  public var names: (float: String, byte: String) { (float.name.string, byte.name.string) }

  /// Normalizes `rows` rows of `count` elements that lie behind each other.
  ///
  /// `scale` and `bias` have one element for each of a row. `means` and `inverses` get each row's mean and
  /// one over its deviation.
  public func run(
    rows: Int, count: Int, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>,
    scale: UnsafePointer<Float>, bias: UnsafePointer<Float>?, epsilon: Float,
    means: UnsafeMutablePointer<Float>? = nil, inverses: UnsafeMutablePointer<Float>? = nil
  ) {
    float.function(rows, count, x, y, scale, bias, epsilon, means, inverses)
  }

  /// The same for quantized rows; `scale` and `bias` are in steps of the output's scale.
  ///
  /// With `s` and `q` the exact sums of `x - zx` and of its squares, in double: `mean = s / n` and
  /// `r = sx / sqrt(max(q / n - mean * mean, 0) * sx * sx + epsilon)`, both rounded to float32. Then
  /// `((x - zx) - mean) * r * scale + bias` in float32, rounded as `ByteRounding` says.
  public func run(
    rows: Int, count: Int, _ x: UnsafePointer<UInt8>, to y: UnsafeMutablePointer<UInt8>,
    scale: UnsafePointer<Float>, bias: UnsafePointer<Float>, epsilon: Float,
    input: (scale: Float, zeroPoint: UInt8), zeroPoint: UInt8
  ) {
    let parameters = pare_layernorm_u8_parameters(
      x_scale: Double(input.scale), epsilon: Double(epsilon), x_zero: Int32(input.zeroPoint),
      zero: Int32(zeroPoint))
    withUnsafePointer(to: parameters) { byte.function(rows, count, x, y, scale, bias, $0) }
  }
}

package typealias LayerNormFunctionF32 =
  @convention(c) (
    Int, Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, UnsafePointer<Float>?,
    UnsafePointer<Float>?, Float, UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?
  ) -> Void
package typealias LayerNormFunctionU8 =
  @convention(c) (
    Int, Int, UnsafePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, UnsafePointer<Float>?,
    UnsafePointer<Float>?, UnsafePointer<pare_layernorm_u8_parameters>?
  ) -> Void

/// The sum of `count` terms: term i in lane i mod 64, lanes 16 apart as (0 + 1) + (2 + 3), then
/// pairwise.
@inline(__always)
private func sumInLanes(_ count: Int, _ term: (Int) -> Float) -> Float {
  var lanes = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
  for i in 0..<count {
    let lane = i % 16
    switch i / 16 % 4 {
    case 0: lanes.0[lane] += term(i)
    case 1: lanes.1[lane] += term(i)
    case 2: lanes.2[lane] += term(i)
    default: lanes.3[lane] += term(i)
    }
  }
  return pairwiseSum((lanes.0 + lanes.1) + (lanes.2 + lanes.3))
}

/// The portable form of `layernorm_f32`, same bits as the others.
package let layerNormReferenceF32 = Kernel<LayerNormFunctionF32>(
  name: StaticName("pare_layernorm_f32_1__portable"), rows: 1, columns: 1, isa: .portable
) { rows, count, x, y, scale, bias, epsilon, means, inverses in
  guard let x, let y, let scale else { return }
  for row in 0..<rows {
    let x = x + row * count
    let y = y + row * count
    let mean = sumInLanes(count) { x[$0] } / Float(count)
    let squares = sumInLanes(count) { (x[$0] - mean) * (x[$0] - mean) }
    let inverse = 1 / (squares / Float(count) + epsilon).squareRoot()
    for i in 0..<count {
      let value = (x[i] - mean) * inverse * scale[i]
      y[i] = bias.map { value + $0[i] } ?? value
    }
    means?[row] = mean
    inverses?[row] = inverse
  }
}

/// The portable form of `layernorm_u8`, same bits as the others.
package let layerNormReferenceU8 = Kernel<LayerNormFunctionU8>(
  name: StaticName("pare_layernorm_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { rows, count, x, y, scale, bias, parameters in
  guard let x, let y, let scale, let bias, let p = parameters?.pointee else { return }
  let rounding = ByteRounding(zero: p.zero, least: 0, most: 255)
  for row in 0..<rows {
    let x = x + row * count
    let y = y + row * count
    var (sum, squares): (Int64, Int64) = (0, 0)
    for i in 0..<count {
      let value = Int64(x[i]) - Int64(p.x_zero)
      sum += value
      squares += value * value
    }
    let mean = Double(sum) / Double(count)
    let variance = max(Double(squares) / Double(count) - mean * mean, 0)
    let root = (variance * p.x_scale * p.x_scale + p.epsilon).squareRoot()
    let (shift, factor) = (Float(mean), Float(p.x_scale / root))
    for i in 0..<count {
      let value = Float(Int32(x[i]) - p.x_zero) - shift
      y[i] = rounding(value * factor * scale[i] + bias[i])
    }
  }
}
