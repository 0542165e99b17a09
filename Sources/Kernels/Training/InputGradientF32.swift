/// The gradient of the input of a float convolution, channels last.
///
/// With stride 1 it is a convolution of the output's gradient with turned weights; with more, one for each
/// phase of the input's rows and columns, of the taps that meet it, but depthwise, where all taps are read
/// through addresses. Forms that are none of these are computed plainly.
public final class InputGradientF32: @unchecked Sendable {
  // Sound to send: what changes, packed weights, changes in `replace` alone.
  private let geometry: ConvolutionGeometry
  private let form: Form
  private let turned: AlignedBytes
  private let zero: AlignedBytes
  /// The scratch memory of a run.
  public let scratch: ScratchSize

  private enum Form {
    case turned(ConvolutionF32)
    case phases([Phase])
    case depthwise(Kernel<DepthwiseFunctionF32>, Window)
    case plain
  }

  /// Input pixels whose rows and columns have one remainder each.
  private struct Phase {
    let convolution: ConvolutionF32
    /// Taps of the kernel in the order of the phase's own.
    let taps: [Int]
    /// Input rows and columns, as first and count.
    let rows: (first: Int, count: Int), columns: (first: Int, count: Int)
  }

  /// What one dimension of a phase has of taps and padding.
  private struct PhaseAxis {
    var first = 0, count = 0
    var taps: [Int] = []
    var dilation = 1, before = 0, after = 0

    /// Nil where the padding would be negative.
    init?(
      remainder: Int, input: Int, output: Int, kernel: Int, stride: Int, dilation: Int, pad: Int
    ) {
      first = ((remainder - pad) % stride + stride) % stride
      count = first < input ? (input - first + stride - 1) / stride : 0
      taps = (0..<kernel).filter { $0 * dilation % stride == remainder }
      guard count > 0, let last = taps.last else { return }
      if taps.count > 1 { self.dilation = (taps[1] - taps[0]) * dilation / stride }
      let start = (first + pad - remainder) / stride
      before = (last * dilation - remainder) / stride - start
      after = count - output - before + (taps.count - 1) * self.dilation
      if before < 0 || after < 0 { return nil }
    }
  }

  /// The gradient for a convolution of `geometry`.
  public init(_ geometry: ConvolutionGeometry, isa: InstructionSet = .best) {
    let g = geometry
    self.geometry = g
    let isStepOne = g.strideHeight == 1 && g.strideWidth == 1
    zero = AlignedBytes(g.outputChannels, of: Float.self)
    if g.isDepthwise, !isStepOne {
      let kernel = KernelTable.best(.dwconvF32, upTo: isa, reference: depthwiseReferenceF32)
      let taps = g.kernelHeight * g.kernelWidth
      form = .depthwise(kernel, Window(transposing: g, elementBytes: 4))
      // Weights in blocks of 16 channels, then zeros as a bias.
      turned = AlignedBytes(roundedUp(g.inputChannels, to: 16) * (taps + 1), of: Float.self)
      scratch = ScratchSize(perThread: kernel.rows * taps * MemoryLayout<Int>.size)
      return
    }
    turned = AlignedBytes(g.outputChannels * g.depth, of: Float.self)
    guard let phases = Self.phases(g, isa) else {
      form = .plain
      scratch = ScratchSize()
      return
    }
    if isStepOne, phases.count == 1, phases[0].taps.count == g.kernelHeight * g.kernelWidth {
      form = .turned(phases[0].convolution)
      scratch = phases[0].convolution.scratch
      return
    }
    form = .phases(phases)
    var shared = 0
    var sizes = ScratchSize()
    for phase in phases {
      shared = max(shared, g.batch * phase.rows.count * phase.columns.count * g.inputChannels * 4)
      sizes = sizes.or(phase.convolution.scratch)
    }
    scratch = sizes.behind(shared + 64)
  }

  /// The phases that any tap meets, or nil where one cannot be a convolution.
  private static func phases(_ g: ConvolutionGeometry, _ isa: InstructionSet) -> [Phase]? {
    var phases: [Phase] = []
    for y in 0..<g.strideHeight {
      guard
        let rows = PhaseAxis(
          remainder: y, input: g.inputHeight, output: g.outputHeight, kernel: g.kernelHeight,
          stride: g.strideHeight, dilation: g.dilationHeight, pad: g.padTop)
      else { return nil }
      for x in 0..<g.strideWidth {
        guard
          let columns = PhaseAxis(
            remainder: x, input: g.inputWidth, output: g.outputWidth, kernel: g.kernelWidth,
            stride: g.strideWidth, dilation: g.dilationWidth, pad: g.padLeft)
        else { return nil }
        guard rows.count > 0, columns.count > 0, !rows.taps.isEmpty, !columns.taps.isEmpty else {
          continue
        }
        let turned = ConvolutionGeometry(
          batch: g.batch, inputHeight: g.outputHeight, inputWidth: g.outputWidth,
          inputChannels: g.outputChannels, outputChannels: g.inputChannels,
          kernelHeight: rows.taps.count, kernelWidth: columns.taps.count,
          dilationHeight: rows.dilation, dilationWidth: columns.dilation, padTop: rows.before,
          padLeft: columns.before, padBottom: rows.after, padRight: columns.after,
          groups: g.groups)
        let taps = rows.taps.reversed().flatMap { row in
          columns.taps.reversed().map { row * g.kernelWidth + $0 }
        }
        phases.append(
          Phase(
            convolution: ConvolutionF32(
              replaceable: turned, clamp: (-.infinity, .infinity), isa: isa),
            taps: taps, rows: (rows.first, rows.count), columns: (columns.first, columns.count)))
      }
    }
    return phases
  }

  /// Takes the convolution's weights ([output][input / groups][tap]) as they are now.
  public func replace(weights: UnsafePointer<Float>, pool: ThreadPool) {
    let taps = geometry.kernelHeight * geometry.kernelWidth
    let to = turned.pointer(Float.self)
    switch form {
    case .turned(let convolution):
      turn(weights, taps: Array((0..<taps).reversed()), pool)
      convolution.replace(weights: to, bias: nil, pool: pool)
    case .phases(let phases):
      for phase in phases {
        turn(weights, taps: phase.taps, pool)
        phase.convolution.replace(weights: to, bias: nil, pool: pool)
      }
    case .depthwise:
      for channel in 0..<geometry.inputChannels {
        for tap in 0..<taps {
          to[(channel / 16 * taps + tap) * 16 + channel % 16] = weights[channel * taps + tap]
        }
      }
    case .plain: to.update(from: weights, count: geometry.outputChannels * geometry.depth)
    }
  }

  /// Writes the given taps of the weights with inputs and outputs exchanged:
  /// [input][output / groups][tap].
  private func turn(_ weights: UnsafePointer<Float>, taps: [Int], _ pool: ThreadPool) {
    let g = geometry
    let all = g.kernelHeight * g.kernelWidth
    let (inputs, outputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
    let to = turned.pointer(Float.self)
    if all == 1 {
      for group in 0..<g.groups {
        LayoutChange.best.transpose(
          rows: outputs, columns: inputs,
          UnsafeRawPointer(weights + group * outputs * inputs).assumingMemoryBound(to: UInt32.self),
          pitch: inputs,
          to: UnsafeMutableRawPointer(to + group * outputs * inputs).assumingMemoryBound(
            to: UInt32.self),
          pitch: outputs)
      }
      return
    }
    let count = taps.count
    taps.withUnsafeBufferPointer { taps in
      pool.share(g.groups * inputs) { _, range in
        for input in range {
          let (group, within) = (input / inputs, input % inputs)
          for output in 0..<outputs {
            let from = weights + ((group * outputs + output) * inputs + within) * all
            let place = to + (input * outputs + output) * count
            for tap in 0..<count { place[tap] = from[taps[tap]] }
          }
        }
      }
    }
  }

  /// Writes the gradient of the input, or adds it to what is there.
  public func run(
    gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, adds: Bool,
    scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    let g = geometry
    let count = g.batch * g.inputHeight * g.inputWidth * g.inputChannels
    switch form {
    case .turned(let convolution):
      convolution.run(
        input: gradient, residual: adds ? UnsafePointer(result) : nil, output: result,
        scratch: scratch, pool: pool)
    case .phases(let phases):
      // Some input pixels may meet no tap.
      if !adds,
        phases.reduce(0, { $0 + $1.rows.count * $1.columns.count }) * g.batch
          * g.inputChannels < count
      {
        result.update(repeating: 0, count: count)
      }
      let part = scratch.assumingMemoryBound(to: Float.self)
      for phase in phases {
        phase.convolution.run(
          input: gradient, output: part,
          scratch: scratch + self.scratch.shared
            - phase.convolution.scratch.shared, pool: pool)
        scatter(part, phase, to: result, adds, pool)
      }
    case .depthwise(let kernel, let window):
      depthwise(kernel, window, gradient, result, adds, scratch, pool)
    case .plain:
      if !adds { result.update(repeating: 0, count: count) }
      plain(gradient, result)
    }
  }

  /// Puts the pixels of a phase in their places.
  private func scatter(
    _ part: UnsafePointer<Float>, _ phase: Phase, to result: UnsafeMutablePointer<Float>,
    _ adds: Bool, _ pool: ThreadPool
  ) {
    let g = geometry
    let kernels = GradientKernels.best
    let (height, width, channels) = (phase.rows.count, phase.columns.count, g.inputChannels)
    pool.share(g.batch * height) { _, range in
      for row in range {
        let line =
          (row / height * g.inputHeight + phase.rows.first + row % height * g.strideHeight)
          * g.inputWidth + phase.columns.first
        for column in 0..<width {
          let from = part + (row * width + column) * channels
          let to = result + (line + column * g.strideWidth) * channels
          if adds {
            kernels.accumulate(count: channels, from, to: to)
          } else {
            to.update(from: from, count: channels)
          }
        }
      }
    }
  }

  private func depthwise(
    _ kernel: Kernel<DepthwiseFunctionF32>, _ window: Window, _ gradient: UnsafePointer<Float>,
    _ result: UnsafeMutablePointer<Float>, _ adds: Bool, _ scratch: UnsafeMutableRawPointer,
    _ pool: ThreadPool
  ) {
    let g = geometry
    let channels = g.inputChannels
    let pixels = g.batch * g.inputHeight * g.inputWidth
    let weights = turned.pointer(Float.self)
    let none = weights + roundedUp(channels, to: 16) * window.taps
    pool.share((pixels + kernel.rows - 1) / kernel.rows) { thread, range in
      let slot = scratch + thread * self.scratch.perThread
      for tile in range {
        let first = tile * kernel.rows
        let count = min(kernel.rows, pixels - first)
        window.rows(of: gradient, zero: zero.base, first: first, count: count, into: slot)
        let to = result + first * channels
        kernel.function(
          count, channels, window.taps, slot.assumingMemoryBound(to: UnsafePointer<Float>?.self),
          weights, none, adds ? UnsafePointer(to) : nil, to, channels, -.infinity, .infinity)
      }
    }
  }

  /// Any form, one product at a time.
  private func plain(_ gradient: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>) {
    let g = geometry
    let taps = g.kernelHeight * g.kernelWidth
    let (inputs, outputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
    let weights = turned.pointer(Float.self)
    for pixel in 0..<g.outputPixels {
      let (image, y) = (
        pixel / (g.outputHeight * g.outputWidth), pixel / g.outputWidth % g.outputHeight
      )
      let x = pixel % g.outputWidth
      for tap in 0..<taps {
        let row = y * g.strideHeight + tap / g.kernelWidth * g.dilationHeight - g.padTop
        let column = x * g.strideWidth + tap % g.kernelWidth * g.dilationWidth - g.padLeft
        guard row >= 0, row < g.inputHeight, column >= 0, column < g.inputWidth else { continue }
        let to = result + ((image * g.inputHeight + row) * g.inputWidth + column) * g.inputChannels
        for output in 0..<g.outputChannels {
          let d = gradient[pixel * g.outputChannels + output]
          let from = weights + output * inputs * taps + tap
          let first = to + output / outputs * inputs
          for input in 0..<inputs { first[input] += d * from[input * taps] }
        }
      }
    }
  }
}
