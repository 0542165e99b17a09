import Kernels
import ModelFormat

/// A product with constant weights, packed for its kernel: what Conv and Gemm have in common.
///
/// Input 1 has one row of weights for each output channel, input 2 an optional bias.
struct PackedProduct: Sendable {
  /// The kernel's name.
  let kernel: String
  /// The scratch memory.
  let scratch: ScratchSize
  /// What a run reads of weights and how many of its products it does.
  let work: PackedWork
  /// Whether pixels of the output may lie further apart than their channels take.
  private var takesPitch: Bool
  /// Whether somebody asks for the range of the output, and whether the input was quantized before.
  private var tellsRange = false, readsParameters = false
  /// Computes.
  let run: @Sendable (Addresses) -> Void

  /// What a run reads and writes.
  struct Addresses {
    let input: UnsafeRawPointer
    var residual: UnsafeRawPointer?
    let output: UnsafeMutableRawPointer
    /// Bytes from pixel to pixel of the output, or nil where they lie one behind the other.
    var pitch: Int?
    /// Scale and zero point of an input that was quantized by its own range.
    var parameters: UnsafeRawPointer?
    /// Where to leave the range of what is written; nil where nobody asks.
    var range: UnsafeMutableRawPointer?
    let scratch: UnsafeMutableRawPointer
    let pool: ThreadPool

    /// The range to widen, by kernels that can tell it.
    fileprivate func written(_ isTold: Bool) -> WrittenRange? {
      guard let range = range?.assumingMemoryBound(to: Float.self) else { return nil }
      if isTold { return WrittenRange(clearing: range, threads: pool.threads) }
      WrittenRange.leaveUnknown(range)
      return nil
    }
  }

  /// Sums of more products than this may exceed 32 bits: 66,000 · 127 · 255 < 2³¹.
  static let maximumDepth = 66_000

  /// Packs the weights of `facts` for a convolution of the given sizes, choosing the arithmetic by the
  /// types of input, weights and output; `readsPlanes` as for `ConvolutionF32`.
  init(
    _ facts: NodeFacts, _ sizes: ConvolutionGeometry, residual: ValueFacts? = nil,
    readsPlanes: Bool = false
  ) throws(OperatorError) {
    let x = try facts.input(0)
    let w = try facts.input(1)
    guard let weights = w.constant else { throw .needsConstant(operand: "weights") }
    guard w.type == .float32 else {
      throw .unsupportedType(operand: "weights", found: w.type, supported: [.float32])
    }
    let bias = try facts.constantFloats(2, "bias")
    let clamp = try facts.activationBounds()
    switch x.type {
    case .float32:
      if let residual, residual.type != .float32 {
        throw .unsupportedType(operand: "residual", found: residual.type, supported: [.float32])
      }
      if try facts.string("quantization", default: "none") == "dynamic" {
        guard residual == nil else { throw .unsupported("dynamic quantization with a residual") }
        self = try Self.dynamic(sizes, Int8Rows(weights, sizes), bias, clamp, isQuantized: false)
      } else {
        self = Self.float(sizes, weights, bias, clamp, readsPlanes: readsPlanes)
      }
    case .uint8 where facts.optionalInput(NodeFacts.dynamicParameters) != nil:
      self = try Self.dynamic(sizes, Int8Rows(weights, sizes), bias, clamp, isQuantized: true)
    case .uint8:
      guard let input = x.quantization else { throw .unsupported("a uint8 input without scale") }
      self = try Self.integer(
        sizes, Int8Rows(weights, sizes), bias, clamp, input, residual, facts.outputs[0])
    default:
      throw .unsupportedType(operand: "input", found: x.type, supported: [.float32, .uint8])
    }
    // The kernel's rows must be the output's too.
    tellsRange = facts.outputs.count > 1
    readsParameters = facts.optionalInput(NodeFacts.dynamicParameters) != nil
    if let output = facts.outputs.first {
      takesPitch = takesPitch && output.physicalShape.dimensions.last == sizes.outputChannels
    }
  }

  private init(
    kernel: String, scratch: ScratchSize, work: PackedWork, takesPitch: Bool = false,
    run: @escaping @Sendable (Addresses) -> Void
  ) {
    self.kernel = kernel
    self.scratch = scratch
    self.work = work
    self.takesPitch = takesPitch
    self.run = run
  }

  /// The execution of a node whose operands already lie as the kernel wants them.
  func execution(residual: Int?) -> Execution {
    let run = run
    let (tellsRange, readsParameters) = (tellsRange, readsParameters)
    @Sendable func addresses(_ operands: Operands) -> Addresses {
      Addresses(
        input: operands.rawInput(0), residual: residual.map { operands.rawInput($0) },
        output: operands.rawOutput(),
        parameters: readsParameters ? operands.rawInput(NodeFacts.dynamicParameters) : nil,
        range: tellsRange ? operands.rawOutput(1) : nil, scratch: operands.scratch,
        pool: operands.pool)
    }
    var execution = Execution(
      kernel: kernel, scratch: scratch, overwrites: residual, packedInputs: [1, 2]
    ) { operands in run(addresses(operands)) }
    if takesPitch, residual == nil {
      execution.runPitched = { operands, pitch in
        var addresses = addresses(operands)
        addresses.pitch = pitch
        run(addresses)
      }
    }
    execution.packedBytes = work.bytes
    execution.density = work.density
    return execution
  }

  /// A product of float32 matrices; `weights` has one row for each output.
  static func float(
    _ sizes: ConvolutionGeometry, _ weights: Tensor, _ bias: [Float]?, _ clamp: (Float, Float),
    readsPlanes: Bool = false
  ) -> PackedProduct {
    let product = ProductWeights(weights, ConvolutionF32.weightOrder(sizes))
    let owner = product.owner
    let convolution = product.withFloats { rows, form in
      withOptionalPointer(bias) { bias in
        ConvolutionF32(
          sizes, weights: rows, form: form, bias: bias, clamp: (min: clamp.0, max: clamp.1),
          readsPlanes: readsPlanes)
      }
    }
    return PackedProduct(
      kernel: convolution.kernelName, scratch: convolution.scratch, work: convolution.work,
      takesPitch: convolution.takesPitch
    ) { at in
      withExtendedLifetime(owner) {
        convolution.run(
          input: at.input.assumingMemoryBound(to: Float.self),
          residual: at.residual?.assumingMemoryBound(to: Float.self),
          output: at.output.assumingMemoryBound(to: Float.self),
          pitch: at.pitch.map { $0 / MemoryLayout<Float>.stride },
          written: at.written(convolution.tellsRange), scratch: at.scratch, pool: at.pool)
      }
    }
  }

  private static func dynamic(
    _ sizes: ConvolutionGeometry, _ weights: Int8Rows, _ bias: [Float]?, _ clamp: (Float, Float),
    isQuantized: Bool
  ) throws(OperatorError) -> PackedProduct {
    let product = ProductWeights(weights.tensor, ConvolutionI8.weightOrder(sizes))
    let owner = product.owner
    let convolution = product.withInt8 { rows, form in
      weights.scales.withUnsafeBufferPointer { scales in
        withOptionalPointer(bias) { bias in
          ConvolutionDynamicI8(
            sizes, weights: rows, form: form, weightScales: scales.pointer,
            bias: bias,
            clamp: (min: clamp.0, max: clamp.1))
        }
      }
    }
    return PackedProduct(
      kernel: convolution.kernelName,
      scratch: isQuantized ? convolution.quantizedScratch : convolution.scratch,
      work: convolution.work, takesPitch: convolution.takesPitch
    ) { at in
      withExtendedLifetime(owner) {
        let output = at.output.assumingMemoryBound(to: Float.self)
        let pitch = at.pitch.map { $0 / MemoryLayout<Float>.stride }
        let written = at.written(convolution.tellsRange)
        guard let parameters = at.parameters?.assumingMemoryBound(to: Float.self) else {
          convolution.run(
            input: at.input.assumingMemoryBound(to: Float.self), output: output, pitch: pitch,
            written: written, scratch: at.scratch, pool: at.pool)
          return
        }
        convolution.run(
          quantized: at.input.assumingMemoryBound(to: UInt8.self),
          range: DynamicRange(scale: parameters[0], zeroPoint: UInt8(parameters[1])),
          output: output, pitch: pitch, written: written, scratch: at.scratch, pool: at.pool)
      }
    }
  }

  private static func integer(
    _ sizes: ConvolutionGeometry, _ weights: Int8Rows, _ bias: [Float]?, _ clamp: (Float, Float),
    _ input: Quantization, _ residual: ValueFacts?, _ output: ValueFacts
  ) throws(OperatorError) -> PackedProduct {
    let kind: ConvolutionI8.Output
    if let residual {
      guard residual.type == .uint8, residual.quantization?.scales.count == 1,
        output.type == .uint8
      else {
        throw .unsupported("a residual of integers needs uint8, one scale and a uint8 output")
      }
    }
    if output.type == .float32 {
      kind = .float32(min: clamp.0, max: clamp.1)
    } else {
      guard output.type == .uint8, let quantization = output.quantization else {
        throw .unsupportedType(
          operand: "output", found: output.type, supported: [.uint8, .float32])
      }
      let scale = quantization.scales[0]
      let zero = UInt8(clamping: quantization.zeroPoints[0])
      func level(_ bound: Float) -> UInt8 {
        let exact = Double(bound) / Double(scale) + Double(zero)
        return UInt8(min(max(exact.rounded(.toNearestOrEven), 0), 255))
      }
      kind = .uint8(
        scale: scale, zeroPoint: zero, clampMin: level(clamp.0), clampMax: level(clamp.1))
    }
    let elementBytes = output.type.size
    let scale = residual?.quantization?.scales[0] ?? 1
    let zeroPoint = UInt8(clamping: residual?.quantization?.zeroPoints[0] ?? 0)
    let product = ProductWeights(weights.tensor, ConvolutionI8.weightOrder(sizes))
    let owner = product.owner
    let convolution = product.withInt8 { rows, form in
      weights.scales.withUnsafeBufferPointer { scales in
        withOptionalPointer(bias) { bias in
          ConvolutionI8(
            sizes, weights: rows, form: form, weightScales: scales.pointer,
            bias: bias,
            inputScale: input.scales[0], inputZeroPoint: UInt8(clamping: input.zeroPoints[0]),
            output: kind)
        }
      }
    }
    return PackedProduct(
      kernel: convolution.kernelName, scratch: convolution.scratch, work: convolution.work,
      takesPitch: convolution.takesPitch
    ) { at in
      withExtendedLifetime(owner) {
        convolution.run(
          input: at.input.assumingMemoryBound(to: UInt8.self),
          residual: at.residual.map {
            ConvolutionI8.Residual(
              $0.assumingMemoryBound(to: UInt8.self), scale: scale, zeroPoint: zeroPoint)
          },
          output: at.output, pitch: at.pitch.map { $0 / elementBytes }, scratch: at.scratch,
          pool: at.pool)
      }
    }
  }
}

/// int8 weights with a scale for each row.
private struct Int8Rows {
  let tensor: Tensor
  let scales: [Float]

  init(_ weights: Tensor, _ sizes: ConvolutionGeometry) throws(OperatorError) {
    guard weights.type == .int8, let quantization = weights.quantization,
      quantization.isSymmetric, quantization.axis == nil || quantization.axis == 0
    else {
      throw .unsupported(
        "integer arithmetic needs symmetric int8 weights, scaled whole or by output channel")
    }
    guard sizes.depth <= PackedProduct.maximumDepth else {
      throw .unsupported("sums of \(sizes.depth) products may exceed 32 bits")
    }
    tensor = weights
    scales =
      quantization.axis == 0
      ? quantization.scales
      : [Float](repeating: quantization.scales[0], count: sizes.outputChannels)
  }
}

extension UnsafeBufferPointer where Element: BitwiseCopyable {
  /// The address of the first element; of nothing readable where there is none.
  var pointer: UnsafePointer<Element> {
    baseAddress ?? UnsafePointer(bitPattern: MemoryLayout<Element>.alignment).unsafelyUnwrapped
  }
}

private func withOptionalPointer<R>(
  _ elements: [Float]?, _ body: (UnsafePointer<Float>?) -> R
) -> R {
  guard let elements else { return body(nil) }
  return elements.withUnsafeBufferPointer { body($0.baseAddress) }
}

extension NodeFacts {
  /// The bounds that the attribute `activation` asks for; infinite where there is none.
  package func activationBounds() throws(OperatorError) -> (Float, Float) {
    switch try string("activation", default: "") {
    case "": return (-.infinity, .infinity)
    case "Relu": return (0, .infinity)
    case "Clip":
      let bounds = (
        try float("activation_min", default: -.infinity),
        try float("activation_max", default: .infinity)
      )
      guard bounds.0 <= bounds.1 else {
        throw .attribute(name: "activation_min", problem: "is above activation_max")
      }
      return bounds
    case let other: throw .attribute(name: "activation", problem: "'\(other)' is not known")
    }
  }
}
