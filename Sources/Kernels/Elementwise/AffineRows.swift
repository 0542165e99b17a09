package import CKernels

package typealias AffineFunctionF32 =
  @convention(c) (
    Int, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?,
    UnsafeMutablePointer<Float>?, Float, Float
  ) -> Void
package typealias AffineFunctionU8 =
  @convention(c) (
    Int, Int, UnsafePointer<UInt8>?, UnsafePointer<Float>?, UnsafePointer<Float>?,
    UnsafeMutablePointer<UInt8>?, UnsafePointer<pare_affine_u8_parameters>?
  ) -> Void

/// A factor and a summand for each element of a row.
public struct AffineRows: Sendable {
  private let float: Kernel<AffineFunctionF32>
  private let byte: Kernel<AffineFunctionU8>

  /// The kernels for the best instruction set there is, looked up once.
  public static var best: AffineRows { all[InstructionSet.best.rawValue] }
  private static let all = InstructionSet.allCases.map { AffineRows($0) }

  /// The kernels for `isa`, or for the largest set below it that has them.
  public init(_ isa: InstructionSet = .best) {
    float = KernelTable.best(.affineF32, upTo: isa, reference: affineReferenceF32)
    byte = KernelTable.best(.affineU8, upTo: isa, reference: affineReferenceU8)
  }

  /// The names of the kernels.
  public var names: (float: String, byte: String) { (float.name.string, byte.name.string) }

  /// Computes y[r][i] = clamp(x[r][i] * scale[i] + bias[i]), in two roundings.
  public func run(
    rows: Int, count: Int, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>,
    scale: UnsafePointer<Float>, bias: UnsafePointer<Float>, clamp: (min: Float, max: Float)
  ) {
    float.function(rows, count, x, scale, bias, y, clamp.min, clamp.max)
  }

  /// Computes `(x - inputZero) * scale[i] + bias[i]` in float32, in steps of the output's scale, rounded
  /// and held as `ByteRounding` says.
  public func run(
    rows: Int, count: Int, _ x: UnsafePointer<UInt8>, to y: UnsafeMutablePointer<UInt8>,
    scale: UnsafePointer<Float>, bias: UnsafePointer<Float>, inputZero: UInt8, zero: UInt8,
    least: UInt8 = 0, most: UInt8 = 255
  ) {
    let parameters = pare_affine_u8_parameters(
      x_zero: Int32(inputZero), zero: Int32(zero), min: Int32(least), max: Int32(most))
    withUnsafePointer(to: parameters) { byte.function(rows, count, x, scale, bias, y, $0) }
  }
}

/// The portable form of `affine_f32`, same bits as the others.
package let affineReferenceF32 = Kernel<AffineFunctionF32>(
  name: StaticName("pare_affine_f32_1__portable"), rows: 1, columns: 1, isa: .portable
) { rows, count, x, scale, bias, y, min, max in
  guard let x, let scale, let bias, let y else { return }
  for row in 0..<rows {
    for i in 0..<count {
      y[row * count + i] = clamped(x[row * count + i] * scale[i] + bias[i], min, max)
    }
  }
}

/// The portable form of `affine_u8`, same bits as the others.
package let affineReferenceU8 = Kernel<AffineFunctionU8>(
  name: StaticName("pare_affine_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { rows, count, x, scale, bias, y, parameters in
  guard let x, let scale, let bias, let y, let p = parameters?.pointee else { return }
  let rounding = ByteRounding(zero: p.zero, least: p.min, most: p.max)
  for row in 0..<rows {
    for i in 0..<count {
      y[row * count + i] = rounding(
        Float(Int32(x[row * count + i]) - p.x_zero) * scale[i] + bias[i])
    }
  }
}
