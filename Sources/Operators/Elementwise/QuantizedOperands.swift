import Kernels
import ModelFormat

/// The one scale and zero point of a uint8 activation: `real = scale * (stored - zero)`.
struct Affine: Sendable {
  var scale: Double
  var zero: Int

  /// The parameters as kernels take them.
  var stored: (scale: Float, zeroPoint: UInt8) { (Float(scale), UInt8(clamping: zero)) }

  /// The real number that `stored` stands for.
  func real(_ stored: UInt8) -> Double { scale * Double(Int(stored) - zero) }

  /// The stored number nearest to `real`, ties to even; NaN is taken as zero.
  func stored(_ real: Double) -> UInt8 {
    let steps = (real / scale).rounded(.toNearestOrEven)
    if steps.isNaN { return UInt8(clamping: zero) }
    return UInt8(min(max(Double(zero) + steps, 0), 255))
  }
}

extension ValueFacts {
  /// The parameters of a quantized uint8 activation.
  func affine(_ operand: String) throws(OperatorError) -> Affine {
    guard let quantization else { throw .unsupported("\(operand) has no quantization parameters") }
    guard type == .uint8 else {
      throw .unsupportedType(operand: operand, found: type, supported: [.uint8])
    }
    guard quantization.axis == nil, quantization.scales.count == 1,
      quantization.zeroPoints.count == 1
    else { throw .unsupported("\(operand) must have one scale for the whole tensor") }
    let scale = Double(quantization.scales[0])
    let zero = Int(quantization.zeroPoints[0])
    guard scale > 0, scale.isFinite, (0...255).contains(zero) else {
      throw .unsupported("\(operand) has a scale or zero point out of range")
    }
    return Affine(scale: scale, zero: zero)
  }
}

extension NodeFacts {
  /// The parameters of the first output.
  func outputAffine() throws(OperatorError) -> Affine {
    guard let output = outputs.first else { throw .unsupported("the output has no facts") }
    return try output.affine("output")
  }

  /// An execution for a quantized input and output that looks up each of the 256 values.
  func table(
    _ function: (Double) -> Double
  ) throws(OperatorError) -> Execution {
    let x = try input(0)
    let from = try x.affine("input")
    let to = try outputAffine()
    let table = LookupU8 { to.stored(function(from.real($0))) }
    return lookup(table, count: x.count)
  }

  /// An execution that looks up each of `count` bytes.
  func lookup(_ table: LookupU8, count: Int) -> Execution {
    let kernels = VectorKernels.best
    return Execution(kernel: kernels.byteNames.table, overwrites: 0) { operands in
      operands.split(count, grain: 1 << 15) { range in
        let first = range.lowerBound
        kernels.apply(
          table, operands.input(0, as: UInt8.self) + first,
          to: operands.output(as: UInt8.self) + first, count: range.count)
      }
    }
  }
}
