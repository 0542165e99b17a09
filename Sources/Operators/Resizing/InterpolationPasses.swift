import Kernels
import ModelFormat

/// Interpolation along one dimension after the other, in float32.
///
/// In every pass the dimensions behind the one that is resized are a contiguous row, so that in
/// channels last all channels of a pixel, or all pixels of a line, are weighed together.
struct InterpolationPasses: Sendable {
  /// One pass: `outer` blocks, each of `weights.axis.input` rows of `inner` elements.
  private struct Pass: Sendable {
    var outer: Int
    var inner: Int
    var weights: InterpolationWeights
    var outputs: Int { outer * weights.axis.output * inner }
  }

  private let type: ElementType
  private let inputs: Int
  private var passes: [Pass] = []
  private let fill: Float
  /// Elements of the largest intermediate result.
  private var largest: Int
  /// How float32 results become integers.
  private let scale: Float
  private let zeroPoint: Float

  /// The passes that resize `data` by `weights`; `fill` is the extrapolation value.
  init(_ data: ValueFacts, _ weights: [InterpolationWeights], fill: Float) {
    type = data.type
    inputs = data.count
    scale = data.quantization?.scales[0] ?? 1
    zeroPoint = Float(data.quantization?.zeroPoints[0] ?? 0)
    self.fill = data.type == .float32 ? fill : (fill / scale) + zeroPoint
    largest = data.type == .float32 ? 0 : data.count
    var extents = data.physicalShape.dimensions
    // What shrinks goes first, so that later passes have less to do.
    let order = weights.sorted { $0.axis.scale < $1.axis.scale }
    for entry in order {
      let position = data.physicalAxis(entry.axis.axis)
      let pass = Pass(
        outer: extents[..<position].reduce(1, &*), inner: extents[(position + 1)...].reduce(1, &*),
        weights: entry)
      passes.append(pass)
      extents[position] = entry.axis.output
      if passes.count < order.count || type != .float32 { largest = max(largest, pass.outputs) }
    }
  }

  /// An execution of all passes.
  func execution() -> Execution {
    // Two intermediate buffers, between which the passes go back and forth.
    let bytes = (largest * MemoryLayout<Float>.stride + 63) / 64 * 64
    return Execution(kernel: "resize", scratchBytes: 2 * bytes) { operands in
      run(operands, bytes / MemoryLayout<Float>.stride)
    }
  }

  private func run(_ operands: Operands, _ capacity: Int) {
    if type != .float32 { widen(operands, operands.scratch.assumingMemoryBound(to: Float.self)) }
    if passes.isEmpty, type == .float32 {
      operands.output(as: Float.self).update(from: operands.input(0), count: inputs)
    }
    for index in passes.indices {
      let rows = passes[index].outer * passes[index].weights.axis.output
      let parts = passes[index].outputs >= 1 << 14 ? min(rows, 16) : 1
      operands.pool.run(parts: parts) { part in
        run(
          passes[index], from: buffer(index, operands, capacity),
          to: buffer(index + 1, operands, capacity),
          rows: (rows * part / parts)..<(rows * (part + 1) / parts))
      }
    }
    if type != .float32 {
      narrow(operands, buffer(passes.count, operands, capacity), passes.last?.outputs ?? inputs)
    }
  }

  /// Where pass `index` reads, which is where the one before it wrote.
  private func buffer(
    _ index: Int, _ operands: Operands, _ capacity: Int
  ) -> UnsafeMutablePointer<Float> {
    if type == .float32 {
      if index == 0 { return UnsafeMutablePointer(mutating: operands.input(0)) }
      if index == passes.count { return operands.output() }
    }
    return operands.scratch.assumingMemoryBound(to: Float.self) + index % 2 * capacity
  }

  private func run(
    _ pass: Pass, from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, rows: Range<Int>
  ) {
    let (inner, taps, axis) = (pass.inner, pass.weights.taps, pass.weights.axis)
    pass.weights.entries.withUnsafeBufferPointer { entries in
      pass.weights.weights.withUnsafeBufferPointer { weights in
        for index in rows {
          let source = from + index / axis.output * axis.input * inner
          let i = index % axis.output
          let row = to + index * inner
          if pass.weights.outside[i] {
            row.update(repeating: fill, count: inner)
            continue
          }
          let first = source + Int(entries[i * taps]) * inner
          let weight = weights[i * taps]
          for j in 0..<inner { row[j] = first[j] * weight }
          for k in 1..<taps {
            let other = source + Int(entries[i * taps + k]) * inner
            let weight = weights[i * taps + k]
            for j in 0..<inner { row[j] += other[j] * weight }
          }
        }
      }
    }
  }

  /// Converts the input to float32.
  private func widen(_ operands: Operands, _ to: UnsafeMutablePointer<Float>) {
    if type == .uint8 {
      let from = operands.input(0, as: UInt8.self)
      for i in 0..<inputs { to[i] = Float(from[i]) }
    } else {
      let from = operands.input(0, as: Int8.self)
      for i in 0..<inputs { to[i] = Float(from[i]) }
    }
  }

  /// Rounds results to the output's type.
  private func narrow(_ operands: Operands, _ from: UnsafePointer<Float>, _ count: Int) {
    if type == .uint8 {
      let to = operands.output(as: UInt8.self)
      for i in 0..<count { to[i] = roundedSum(from[i], 0) }
    } else {
      let to = operands.output(as: Int8.self)
      for i in 0..<count { to[i] = roundedSum(from[i], 0) }
    }
  }
}
