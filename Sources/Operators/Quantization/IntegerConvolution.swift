import Kernels
import ModelFormat

/// A convolution of 8-bit images with int32 sums, in row-major order.
///
/// For 64 output pixels at a time, what the windows cover is gathered as int16 without zero points;
/// then each filter is a sum of such rows.
struct IntegerConvolution: Sendable {
  /// Output pixels that are computed together.
  private static let tile = 64

  /// Extents of the output.
  let outputs: [Int]
  /// Filters.
  let filters: Int
  private let x: Int
  private let w: Int
  private let batch: Int
  private let channels: Int
  private let groups: Int
  /// Height and width; an image of one dimension has a height of one.
  private let rows: SpatialWindow.Axis
  private let columns: SpatialWindow.Axis

  /// The convolution of input `x` with the filters in input `w`, by the attributes of `SpatialWindow`
  /// and `group`.
  init(_ facts: NodeFacts, x: Int, w: Int) throws(OperatorError) {
    let image = try facts.input(x).shape
    let weights = try facts.input(w).shape
    guard image.rank == 3 || image.rank == 4 else {
      throw .rank(operand: "input", found: image.rank, expected: "3 or 4")
    }
    guard weights.rank == image.rank else {
      throw .rank(operand: "weights", found: weights.rank, expected: "\(image.rank)")
    }
    groups = try facts.int("group", default: 1)
    guard groups >= 1, groups <= Limits.extent, weights[0] % groups == 0 else {
      throw .attribute(name: "group", problem: "is \(groups), which does not divide \(weights[0])")
    }
    guard weights[1].multipliedReportingOverflow(by: groups) == (image[1], false) else {
      throw .shapeMismatch("weights \(weights) of \(groups) groups do not fit images \(image)")
    }
    let window = try SpatialWindow(
      facts, over: Array(image.dimensions[2...]), kernel: Array(weights.dimensions[2...]))
    (batch, channels, filters) = (image[0], image[1], weights[0])
    outputs = [batch, filters] + window.outputs
    rows = window.axes.count == 1 ? .init(input: 1, kernel: 1) : window.axes[0]
    columns = window.axes[window.axes.count - 1]
    (self.x, self.w) = (x, w)
  }

  /// Elements of one filter.
  private var depth: Int { channels / groups &* rows.kernel &* columns.kernel }

  /// Output pixels of one image, and tiles of them.
  private var pixels: Int { rows.output * columns.output }
  private var tiles: Int { (pixels + IntegerConvolution.tile - 1) / IntegerConvolution.tile }

  /// Multiply-accumulate operations.
  var multiplyAccumulates: Int { .saturatingProduct(Shape(outputs).count, depth) }

  /// Parts that the work is shared out in.
  private var parts: Int { max(1, min(4, tiles)) }

  /// For each part: sums, where windows begin (row and column), and gathered elements.
  private var partBytes: Int { (depth * 2 + 20) * IntegerConvolution.tile }

  /// An execution that gives `store` the sums of each filter, with where they go in the output.
  func execution(
    kernel: String, _ image: IntegerFactor, _ weights: IntegerFactor, bias: Int?,
    store:
      @escaping @Sendable (
        _ sums: UnsafePointer<Int32>, _ count: Int, _ operands: Operands, _ offset: Int,
        _ filter: Int
      ) -> Void
  ) -> Execution {
    Execution(kernel: kernel, scratchBytes: parts * partBytes) { operands in
      operands.pool.run(parts: parts) { part in
        let starts = (operands.scratch + part * partBytes).assumingMemoryBound(to: Int.self)
        let sums = UnsafeMutableRawPointer(starts + 2 * IntegerConvolution.tile)
          .assumingMemoryBound(to: Int32.self)
        let patches = UnsafeMutableRawPointer(sums + IntegerConvolution.tile)
          .assumingMemoryBound(to: Int16.self)
        for tile in (tiles * part / parts)..<(tiles * (part + 1) / parts) {
          let start = tile * IntegerConvolution.tile
          let count = min(IntegerConvolution.tile, pixels - start)
          for i in 0..<count {
            starts[2 * i] = rows.start((start + i) / columns.output)
            starts[2 * i + 1] = columns.start((start + i) % columns.output)
          }
          for index in 0..<(batch * groups) {
            gather(operands, image, index, starts, count, patches)
            let first = index % groups * (filters / groups)
            for filter in first..<(first + filters / groups) {
              sum(operands, weights, filter, count, patches, bias, sums)
              store(
                sums, count, operands, (index / groups * filters + filter) * pixels + start, filter)
            }
          }
        }
      }
    }
  }

  /// Gathers what the windows of `count` pixels cover: a row for each filter element.
  private func gather(
    _ operands: Operands, _ image: IntegerFactor, _ group: Int, _ starts: UnsafePointer<Int>,
    _ count: Int, _ patches: UnsafeMutablePointer<Int16>
  ) {
    let zero = image.zeroPoint(operands, 0)
    if image.isSigned {
      gather(operands.input(x, as: Int8.self), Int16(zero), group, starts, count, patches)
    } else {
      gather(operands.input(x, as: UInt8.self), Int16(zero), group, starts, count, patches)
    }
  }

  private func gather<T: FixedWidthInteger>(
    _ from: UnsafePointer<T>, _ zero: Int16, _ group: Int, _ starts: UnsafePointer<Int>,
    _ count: Int, _ patches: UnsafeMutablePointer<Int16>
  ) {
    let inGroup = channels / groups
    var target = patches
    for channel in (group * inGroup)..<(group * inGroup + inGroup) {
      let plane = from + channel * rows.input * columns.input
      for tapRow in 0..<rows.kernel {
        for tapColumn in 0..<columns.kernel {
          for i in 0..<count {
            let row = starts[2 * i] &+ tapRow &* rows.dilation
            let column = starts[2 * i + 1] &+ tapColumn &* columns.dilation
            let isInside = row >= 0 && row < rows.input && column >= 0 && column < columns.input
            target[i] =
              isInside
              ? Int16(truncatingIfNeeded: plane[row &* columns.input &+ column]) &- zero : 0
          }
          target += IntegerConvolution.tile
        }
      }
    }
  }

  /// Sums up one filter over gathered windows.
  private func sum(
    _ operands: Operands, _ weights: IntegerFactor, _ filter: Int, _ count: Int,
    _ patches: UnsafePointer<Int16>, _ bias: Int?, _ sums: UnsafeMutablePointer<Int32>
  ) {
    let zero = weights.zeroPoint(operands, filter)
    sums.update(
      repeating: bias.map { operands.input($0, as: Int32.self)[filter] } ?? 0, count: count)
    for k in 0..<depth {
      let place = filter * depth + k
      let weight =
        (weights.isSigned
          ? Int32(operands.input(w, as: Int8.self)[place])
          : Int32(operands.input(w, as: UInt8.self)[place])) &- zero
      let row = patches + k * IntegerConvolution.tile
      // Factors of 16 bits tell the compiler that a multiplication of 16 bits will do.
      let factor = Int16(truncatingIfNeeded: weight)
      for i in 0..<count { sums[i] &+= Int32(factor) &* Int32(row[i]) }
    }
  }
}
