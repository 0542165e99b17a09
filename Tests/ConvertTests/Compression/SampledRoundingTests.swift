import Interpreter
import Kernels
import ModelFormat
import Operators
import TestSupport
import Testing

@testable import Convert

/// Rounding of whole layers and networks so that outputs stay.
@Suite struct SampledRoundingTests {
  static var product: FloatProduct { FloatProduct(ThreadPool(threads: 1)) }

  /// Attributes of a convolution, the extents of its weights, and of its input.
  static let convolutions: [([String: Attribute], Shape, Shape)] = [
    ([:], [5, 3, 1, 1], [2, 3, 4, 6]),
    (["pads": .ints([1, 1, 1, 1])], [4, 3, 3, 3], [1, 3, 5, 7]),
    (
      ["pads": .ints([2, 0, 1, 3]), "strides": .ints([2, 3]), "dilations": .ints([2, 1])],
      [4, 2, 3, 2], [2, 2, 11, 9]
    ),
    (["pads": .ints([1, 1, 1, 1]), "group": .int(6)], [6, 1, 3, 3], [1, 6, 6, 5]),
    (["group": .int(2), "strides": .ints([2, 2])], [6, 2, 1, 1], [1, 4, 7, 8]),
    (["auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])], [3, 2, 3, 3], [1, 2, 8, 7]),
    (["auto_pad": .string("SAME_LOWER")], [3, 2, 2, 4], [1, 2, 6, 5]),
    (["pads": .ints([1, 2])], [3, 2, 4], [2, 2, 9]),
  ]

  /// Columns times weights are what the operator computes.
  @Test(arguments: convolutions)
  func columnsAreWhatOutputsAreSumsOver(
    attributes: [String: Attribute], weights: Shape, input: Shape
  ) throws {
    var builder = TestSupport.GraphBuilder(seed: 5)
    let x = builder.input(input)
    let w = builder.constant(
      Tensor(builder.elements(weights.count), shape: weights))
    let y = builder.node("Conv", x, w, attributes: attributes)
    try Self.expectProducts(builder.finish(y), weights)
  }

  @Test func columnsOfMatricesAreTheirRows() throws {
    var builder = TestSupport.GraphBuilder(seed: 6)
    var x = builder.input([4, 7])
    var w = builder.constant(Tensor(builder.elements(35), shape: [5, 7]))
    var y = builder.node("Gemm", x, w, attributes: ["transB": .int(1)])
    try Self.expectProducts(builder.finish(y), [5, 7])
    builder = TestSupport.GraphBuilder(seed: 7)
    x = builder.input([2, 3, 7])
    w = builder.constant(Tensor(builder.elements(35), shape: [7, 5]))
    y = builder.node("MatMul", x, w)
    try Self.expectProducts(builder.finish(y), [7, 5])
  }

  private static func expectProducts(_ unshaped: Graph, _ shape: Shape) throws {
    var graph = unshaped
    try graph.inferShapes()
    let interpreter = try Interpreter(graph)
    var random = SeededGenerator(seed: 3)
    try random.uniform(interpreter.inputs[0].shape.count).withUnsafeBytes {
      try interpreter.setInput(0, $0)
    }
    let inputs = [Float](interpreter.input(0).bindMemory(to: Float.self))
    try interpreter.run()
    let wanted = interpreter.floats(0)
    let node = graph.nodes[0]
    let output = try #require(graph[graph.outputs[0]].shape)
    let geometry = try #require(
      LayerGeometry(
        node, weights: shape, input: interpreter.inputs[0].shape, output: output))
    let weights = try #require(graph.floats(node.inputs[1]))
    let isMatrix = node.op != "Conv"
    for (first, step) in [(0, 1), (1, 3)] {
      var columns = 0
      let x = inputs.withUnsafeBufferPointer {
        geometry.columns(of: $0, first: first, stride: step, columns: &columns)
      }
      #expect(columns == (geometry.places - first + step - 1) / step)
      let perGroup = geometry.outputs / geometry.groups
      let plane = geometry.places / (isMatrix ? geometry.places : output[0])
      for row in 0..<geometry.outputs {
        for column in 0..<columns {
          var sum: Float = 0
          for k in 0..<geometry.n {
            let weight =
              node.op == "MatMul"
              ? weights[k * geometry.outputs + row] : weights[row * geometry.n + k]
            sum += weight * x[(row / perGroup * geometry.n + k) * columns + column]
          }
          let place = first + column * step
          let index =
            isMatrix
            ? place * geometry.outputs + row
            : (place / plane * geometry.outputs + row) * plane + place % plane
          #expect(abs(sum - wanted[index]) < 1e-4)
        }
      }
    }
  }

  /// A layer whose inputs changed comes nearer to the dense outputs than its own rounded weights do, and its
  /// bias takes the rest of the mean.
  @Test func layersMakeGoodForThoseBeforeThem() throws {
    let (n, rows, columns) = (24, 6, 400)
    var random = SeededGenerator(seed: 15)
    let dense = random.uniform(n * columns).map { $0 + 0.4 }
    let changed = dense.indices.map {
      0.8 * dense[$0] + 0.1 * dense[($0 + columns) % dense.count] + 0.02
    }
    let weights = random.uniform(rows * n).map { Double($0) }
    var moments = Moments(groups: 1, n: n, hasDense: true)
    moments.add(changed, dense: dense, columns: columns, Self.product)
    let layer = try #require(
      RoundedLayer(
        LayerProblem(weights: weights, moments: moments, hasBias: true, shape: [rows, n], axis: 0),
        grid: .uniform(bits: 4), Self.product))
    func outputs(_ w: [Double], _ x: [Float], _ shift: [Double]) -> [Double] {
      (0..<rows * columns).map { index in
        let (row, column) = (index / columns, index % columns)
        return (0..<n).reduce(shift[row]) {
          $0 + w[row * n + $1] * Double(x[$1 * columns + column])
        }
      }
    }
    let none = [Double](repeating: 0, count: rows)
    let wanted = outputs(weights, dense, none)
    let found = outputs(layer.tensor.floats().map { Double($0) }, changed, layer.shifts)
    let nearest = try #require(
      Tensor(weights.map { Float($0) }, shape: [rows, n]).rounded(to: .integer(bits: 4), axis: 0))
    let plain = outputs(nearest.floats().map { Double($0) }, changed, none)
    func error(_ a: [Double]) -> Double {
      zip(a, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    #expect(error(found) < 0.2 * error(plain))
    for row in 0..<rows {
      let range = row * columns..<(row + 1) * columns
      let mean = range.reduce(0) { $0 + found[$1] - wanted[$1] } / Double(columns)
      #expect(abs(mean) < 1e-3)
    }
    #expect(Set(layer.tensor.dense.elements(as: Int8.self)).isSubset(of: Set(-8...7)))
  }

  @Test(arguments: [ConversionOptions.Quantization.int4, .int4Weights])
  func fourBitsKeepWhatANetworkSays(_ mode: ConversionOptions.Quantization) throws {
    func convert(
      _ change: @escaping (inout ConversionOptions) -> Void
    ) throws -> Conversion {
      try Conversion(sample: "digits_resnet") { options in
        options.quantization = mode
        options.calibration = Conversion.calibration
        options.samples = 24
        options.verificationSamples = 24
        change(&options)
      }
    }
    let rounded = try convert { _ in }
    let nearest = try convert { $0.rounding = .nearest }
    let better = try #require(rounded.report.verification)
    let worse = try #require(nearest.report.verification)
    #expect(1 - better.cosine < 0.6 * (1 - worse.cosine))
    #expect(better.cosine > 0.98)
    #expect(abs(rounded.report.output.bytes - nearest.report.output.bytes) < 256)
    #expect(rounded.report.encodings["palette", default: 0] > 5)
    for value in rounded.model.graph.values {
      guard let tensor = value.constant, tensor.type == .int8, tensor.encoding == .palette else {
        continue
      }
      #expect(tensor.positions.count <= 16 && tensor.values.count == (tensor.shape.count + 1) / 2)
    }
    // Samples decide, not threads.
    let twice = try convert { $0.threads = 2 }
    #expect(twice.bytes == rounded.bytes)
  }

  @Test func bitsAndGridsAreAsAsked() throws {
    for (bits, grid) in [(2, ConversionOptions.Grid.uniform), (3, .kmeans), (6, .uniform)] {
      let conversion = try Conversion(sample: "digits_resnet") { options in
        options.quantization = .int8Weights
        options.weightBits = bits
        options.weightGrid = grid
        options.verificationSamples = 0
      }
      let levels = conversion.model.graph.values.compactMap { value -> Int? in
        // Layers of few weights for each output keep eight bits.
        guard let tensor = value.constant, tensor.type == .int8,
          tensor.shape.count / tensor.shape[0] >= 32
        else {
          return nil
        }
        return Set(tensor.dense.elements(as: Int8.self)).count
      }
      #expect(levels.count > 5 && levels.allSatisfy { $0 <= 1 << bits }, "\(levels)")
    }
  }
}

extension TestSupport.GraphBuilder {
  /// Random numbers, the same each time.
  fileprivate mutating func elements(_ count: Int) -> [Float] {
    var random = SeededGenerator(seed: UInt64(count))
    return random.uniform(count)
  }
}
