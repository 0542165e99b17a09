import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// ConvTranspose of one or two spatial dimensions: image, weights and bias.
  static let convTranspose = Derivative("ConvTranspose") { node throws(OperatorError) in
    try TransposedBack(node.facts).step(hasBias: node.facts.optionalInput(2) != nil)
  }
}

/// The gradients of a transposed convolution, by products with the windows of the output's gradient.
///
/// With `c[(o, tap)][pixel]` the gradient at the place where a tap puts an input pixel: the image gets
/// `w · c`, the weights `x · cᵀ`, the bias sums of planes.
private struct TransposedBack: Sendable {
  private let images: Int, groups: Int
  /// Channels of a group.
  private let inputs: Int, outputs: Int
  private let rows: TransposedWindow.Axis, columns: TransposedWindow.Axis
  private let toImage: ProductF32, toWeights: ProductF32

  private var taps: Int { rows.kernel * columns.kernel }
  private var pixels: Int { rows.input * columns.input }
  private var plane: Int { rows.output * columns.output }

  init(_ facts: NodeFacts) throws(OperatorError) {
    let (image, weights) = (try facts.input(0).shape, try facts.input(1).shape)
    guard image.rank == 3 || image.rank == 4, try facts.output().count > 0 else {
      throw .unsupported("other than one or two spatial dimensions")
    }
    let window = try TransposedWindow(
      facts, over: Array(image.dimensions[2...]), kernel: Array(weights.dimensions[2...]))
    rows = image.rank == 3 ? .one : window.axes[0]
    columns = window.axes[image.rank - 3]
    groups = try facts.int("group", default: 1)
    images = image[0]
    (inputs, outputs) = (image[1] / groups, weights[1])
    let (taps, pixels) = (rows.kernel * columns.kernel, rows.input * columns.input)
    toImage = ProductF32(m: inputs, n: pixels, k: outputs * taps)
    toWeights = ProductF32(m: inputs, n: outputs * taps, k: pixels, transposesB: true)
  }

  func step(hasBias: Bool) -> TrainingStep {
    let windows = (outputs * taps * pixels * 4 + 127) & ~63
    let result = (max(inputs * pixels, inputs * outputs * taps) * 4 + 127) & ~63
    return TrainingStep(
      readsInputs: [0, 1],
      scratch: toImage.scratch.or(toWeights.scratch).behind(windows + result)
    ) { memory in
      if hasBias, let place = memory.place(2) { addPlanes(memory, place.pointer) }
      guard memory.place(0) != nil || memory.place(1) != nil else { return }
      let c = memory.scratch.assumingMemoryBound(to: Float.self)
      let sums = (memory.scratch + windows).assumingMemoryBound(to: Float.self)
      let rest = memory.scratch + windows + result
      for index in 0..<images * groups {
        let group = index % groups
        gather(memory, index, to: c)
        let weights = group * inputs * outputs * taps
        if let place = memory.place(0) {
          toImage.run(
            a: memory.input(1) + weights, lda: outputs * taps, b: c, ldb: pixels, c: sums,
            ldc: pixels, scratch: rest, pool: memory.pool)
          add(sums, inputs * pixels, to: place.pointer + index * inputs * pixels, memory)
        }
        if let place = memory.place(1) {
          toWeights.run(
            a: memory.input(0) + index * inputs * pixels, lda: pixels, b: c, ldb: pixels, c: sums,
            ldc: outputs * taps, scratch: rest, pool: memory.pool)
          add(sums, inputs * outputs * taps, to: place.pointer + weights, memory)
        }
      }
    }
  }

  private func add(
    _ from: UnsafePointer<Float>, _ count: Int, to: UnsafeMutablePointer<Float>,
    _ memory: StepMemory
  ) {
    memory.split(count) { for i in $0 { to[i] += from[i] } }
  }

  /// Writes the windows of the gradient of one group of one image.
  private func gather(
    _ memory: StepMemory, _ index: Int, to windows: UnsafeMutablePointer<Float>
  ) {
    let g = memory.gradient() + index * outputs * plane
    memory.split(outputs * taps, grain: max(1, (1 << 12) / pixels)) { range in
      for line in range {
        let (channel, tap) = (line / taps, line % taps)
        let left = columns.start(tap % columns.kernel)
        var to = windows + line * pixels
        for row in 0..<rows.input {
          let y = rows.start(tap / columns.kernel) + row * rows.stride
          let from = g + channel * plane + max(0, min(rows.output - 1, y)) * columns.output
          let isInside = y >= 0 && y < rows.output
          for column in 0..<columns.input {
            let x = left + column * columns.stride
            to[column] = isInside && x >= 0 && x < columns.output ? from[x] : 0
          }
          to += columns.input
        }
      }
    }
  }

  /// Adds the sums of planes to the gradient of the bias.
  private func addPlanes(_ memory: StepMemory, _ bias: UnsafeMutablePointer<Float>) {
    let channels = groups * outputs
    let g = memory.gradient()
    memory.split(channels, grain: 1) { range in
      for channel in range {
        var sum = 0.0
        for image in 0..<images {
          let from = g + (image * channels + channel) * plane
          for i in 0..<plane { sum += Double(from[i]) }
        }
        bias[channel] += Float(sum)
      }
    }
  }
}
