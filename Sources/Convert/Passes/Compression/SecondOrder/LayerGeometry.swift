import ModelFormat

/// How the products of a layer read its input: which numbers one output is the sum over.
struct LayerGeometry {
  /// Groups of outputs, and products in each sum.
  let groups: Int, n: Int
  /// Outputs of the layer.
  let outputs: Int
  /// Places of one run at which outputs are computed.
  let places: Int

  /// Of a convolution: how the window moves over two dimensions; nil for products of matrices.
  private let window: Window?

  private struct Window {
    let channels: Int, height: Int, width: Int
    let kernel: (Int, Int), strides: (Int, Int), dilations: (Int, Int), before: (Int, Int)
    let outputs: (Int, Int)

    /// Whether each output reads the one place of the input at which it lies.
    var isPlain: Bool {
      kernel == (1, 1) && strides == (1, 1) && before == (0, 0) && outputs == (height, width)
    }
  }

  /// The geometry of a Conv of one or two dimensions, a Gemm with a row of weights for each output, or a
  /// MatMul with one matrix of weights; nil for others.
  init?(_ node: Node, weights: Shape, input: Shape, output: Shape) {
    if node.op == "Conv" {
      guard let window = Self.window(node, weights, input, output) else { return nil }
      self.window = window
      groups = input[1] / max(1, weights[1])
      n = weights.dimensions[1...].reduce(1, *)
      outputs = weights[0]
      places = input[0] * window.outputs.0 * window.outputs.1
      guard groups > 0, outputs % groups == 0, groups * weights[1] == input[1] else { return nil }
      return
    }
    let isRows = node.op == "Gemm" && node.attributes["transB"] == .int(1)
    guard isRows && node.attributes["transA"] != .int(1) || node.op == "MatMul",
      weights.rank == 2, input.rank >= 2
    else { return nil }
    window = nil
    groups = 1
    (outputs, n) = isRows ? (weights[0], weights[1]) : (weights[1], weights[0])
    guard n > 0, input.dimensions.last == n else { return nil }
    places = input.dimensions.dropLast().reduce(1, *)
  }

  private static func window(
    _ node: Node, _ weights: Shape, _ input: Shape, _ output: Shape
  ) -> Window? {
    let rank = weights.rank - 2
    guard (1...2).contains(rank), input.rank == rank + 2, output.rank == rank + 2 else {
      return nil
    }
    func list(_ name: String, _ count: Int, _ usual: Int) -> [Int] {
      guard case .ints(let list) = node.attributes[name], list.count == count else {
        return [Int](repeating: usual, count: count)
      }
      return list.map { Int($0) }
    }
    let strides = list("strides", rank, 1)
    let dilations = list("dilations", rank, 1)
    var before = Array(list("pads", 2 * rank, 0)[..<rank])
    if case .string(let rule) = node.attributes["auto_pad"], rule.hasPrefix("SAME") {
      for axis in 0..<rank {
        let reach = (weights[axis + 2] - 1) * dilations[axis] + 1
        let missing = max(0, (output[axis + 2] - 1) * strides[axis] + reach - input[axis + 2])
        before[axis] = rule == "SAME_UPPER" ? missing / 2 : missing - missing / 2
      }
    }
    func pair(_ list: [Int], _ usual: Int) -> (Int, Int) {
      rank == 2 ? (list[0], list[1]) : (usual, list[0])
    }
    let kernel = pair(Array(weights.dimensions[2...]), 1)
    let extents = pair(Array(input.dimensions[2...]), 1)
    return Window(
      channels: input[1], height: extents.0, width: extents.1, kernel: kernel,
      strides: pair(strides, 1), dilations: pair(dilations, 1), before: pair(before, 0),
      outputs: pair(Array(output.dimensions[2...]), 1))
  }

  /// The inputs of every `stride`th place from `first` on, row-major [groups · n][places]; `columns` gets
  /// their number.
  func columns(
    of input: UnsafeBufferPointer<Float>, first: Int, stride step: Int, columns: inout Int
  ) -> [Float] {
    let chosen = Array(Swift.stride(from: first, to: places, by: step))
    columns = chosen.count
    let count = chosen.count
    return [Float](unsafeUninitializedCapacity: groups * n * count) { out, initialized in
      initialized = groups * n * count
      guard let window else {
        for (column, place) in chosen.enumerated() {
          for k in 0..<n { out[k * count + column] = input[place * n + k] }
        }
        return
      }
      let plane = window.outputs.0 * window.outputs.1
      if window.isPlain {
        for channel in 0..<window.channels {
          for (column, place) in chosen.enumerated() {
            out[channel * count + column] =
              input[(place / plane * window.channels + channel) * plane + place % plane]
          }
        }
        return
      }
      let tops = chosen.map { place in
        (
          image: place / plane,
          y: place % plane / window.outputs.1 * window.strides.0 - window.before.0,
          x: place % window.outputs.1 * window.strides.1 - window.before.1
        )
      }
      var row = 0
      for channel in 0..<window.channels {
        for ky in 0..<window.kernel.0 {
          for kx in 0..<window.kernel.1 {
            for column in 0..<count {
              let y = tops[column].y + ky * window.dilations.0
              let x = tops[column].x + kx * window.dilations.1
              let isInside = y >= 0 && y < window.height && x >= 0 && x < window.width
              let start = (tops[column].image * window.channels + channel) * window.height
              out[row * count + column] = isInside ? input[(start + y) * window.width + x] : 0
            }
            row += 1
          }
        }
      }
    }
  }

  /// What an output of the layer holds at every `stride`th place from `first` on, row-major
  /// [outputs][places].
  func outputColumns(
    of output: UnsafeBufferPointer<Float>, first: Int, stride step: Int
  ) -> [Float] {
    let chosen = Array(Swift.stride(from: first, to: places, by: step))
    return [Float](unsafeUninitializedCapacity: outputs * chosen.count) { out, initialized in
      initialized = outputs * chosen.count
      let plane = window.map { $0.outputs.0 * $0.outputs.1 }
      for (column, place) in chosen.enumerated() {
        for row in 0..<outputs {
          let source =
            plane.map { (place / $0 * outputs + row) * $0 + place % $0 } ?? place * outputs + row
          out[row * chosen.count + column] = output[source]
        }
      }
    }
  }
}
