import Datasets
import Foundation
import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// A network with random weights that learns to tell four kinds of stripes apart.
struct LabelledTrainingTests {
  /// Eight by eight pixels: rows, columns, and both diagonals, somewhere and in noise.
  static func write(_ count: Int, seed: UInt64, to folder: String) throws {
    var random = SeededGenerator(seed: seed)
    for index in 0..<count {
      let label = index % 4
      let shift = Int.random(in: 0..<4, using: &random)
      var pixels = random.uniform(64).map { $0 * 0.5 }
      for y in 0..<8 {
        for x in 0..<8 where ([y, x, x + y, x - y + 8][label] + shift) % 4 < 2 {
          pixels[y * 8 + x] += 1
        }
      }
      let own = "\(folder)/\(label)"
      try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
      try NumericArray(
        type: .float32, shape: [1, 1, 8, 8], bytes: Bytes(elements: pixels).array
      ).writeNPY(to: "\(own)/\(index).npy")
    }
  }

  /// - Parameter isNormalized: whether there are BatchNormalizations to train with the batch's statistics.
  static func network(isNormalized: Bool = true) throws -> Graph {
    var builder = GraphBuilder(seed: 3)
    var x = builder.input([1, 1, 8, 8])
    for (outputs, inputs) in [(16, 1), (16, 16)] {
      x = builder.conv(x, outputs, from: inputs)
      if isNormalized {
        let ones = builder.constant(Tensor([Float](repeating: 1, count: outputs), shape: [outputs]))
        let none = builder.constant(Tensor([Float](repeating: 0, count: outputs), shape: [outputs]))
        x = builder.node("BatchNormalization", x, ones, none, none, ones)
      }
      x = builder.node("Relu", x)
    }
    x = builder.node(
      "MaxPool", x,
      attributes: ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    x = builder.reshape(x, [1, 256])
    x = builder.node(
      "Gemm", x, builder.weights(4, 256), builder.weights(4), attributes: ["transB": .int(1)])
    x = builder.node("Softmax", x)
    var graph = builder.finish(x)
    try graph.inferShapes()
    // Outputs of about the size of inputs.
    for node in graph.weightedNodes(.none) {
      guard let tensor = graph[node.weights].constant else { continue }
      let inputs = Float(tensor.shape.count / tensor.shape[0])
      graph[node.weights].constant = Tensor(
        tensor.floats().map { $0 * (6 / inputs).squareRoot() }, shape: tensor.shape)
    }
    return graph
  }

  static func options(
    _ pruning: [ConversionOptions.Pruning], epochs: Int
  ) -> ConversionOptions {
    var options = ConversionOptions(input: "stripes.onnx")
    options.pruning = pruning
    options.epochs = epochs
    return options
  }

  private static func train(
    _ graph: inout Graph, _ options: ConversionOptions, on folder: String,
    stop: StopSignal = StopSignal()
  ) throws -> LabelledTraining.Effect {
    let plan = try CompressionPlan(options, graph, isCalibrated: false)
    let (goals, _) = ZeroGoal.all(graph, graph.weightedNodes(.none), options, plan)
    let training = LabelledTraining(options: options, stop: stop) { _ in }
    return try training.apply(
      &graph, goals, .none, try Dataset(path: folder, splitBatch: true), nil)
  }

  private static func weights(_ graph: Graph) -> [[Float]] {
    graph.weightedNodes(.none).map { graph[$0.weights].constant?.floats() ?? [] }
  }

  @Test(arguments: [true, false])
  func learnsWhileFourFifthsOfTheWeightsBecomeZero(_ isNormalized: Bool) throws {
    try withTemporaryFolder { folder in
      try Self.write(300, seed: 11, to: folder + "/shown")
      try Self.write(200, seed: 12, to: folder + "/other")
      var graph = try Self.network(isNormalized: isNormalized)
      let effect = try Self.train(
        &graph, Self.options([.unstructured(0.8)], epochs: 200), on: folder + "/shown")
      #expect(effect.before.accuracy < 0.6)
      // Judged by samples that it has not seen, on the kernels of inference.
      let accuracy = try Accuracy.measure(
        Interpreter(graph), Dataset(path: folder + "/other"), preprocessing: nil)
      #expect(accuracy.top1 >= 0.7, "\(accuracy.top1), \(effect.text)")
      let all = Self.weights(graph).flatMap { $0 }
      #expect(all.count { $0 == 0 } == Int((Double(all.count) * 0.8).rounded()))
      #expect(effect.zeros == all.count { $0 == 0 })
    }
  }

  @Test func isTheSameForASeedOnAnyNumberOfThreads() throws {
    try withTemporaryFolder { folder in
      try Self.write(80, seed: 13, to: folder)
      func weights(threads: Int, seed: UInt64) throws -> [[Float]] {
        var graph = try Self.network()
        var options = Self.options([.unstructured(0.5)], epochs: 20)
        options.threads = threads
        options.seed = seed
        _ = try Self.train(&graph, options, on: folder)
        return Self.weights(graph)
      }
      let first = try weights(threads: 1, seed: 5)
      #expect(try weights(threads: 3, seed: 5) == first)
      #expect(try weights(threads: 1, seed: 6) != first)
    }
  }

  @Test func zerosComeInTheGroupsThatAreAskedFor() throws {
    try withTemporaryFolder { folder in
      try Self.write(80, seed: 14, to: folder)
      for pattern in [ConversionOptions.Pruning.block(0.5), .pattern(keep: 2, of: 4)] {
        var graph = try Self.network()
        _ = try Self.train(&graph, Self.options([pattern], epochs: 10), on: folder)
        // Those with groups of four input channels: the second convolution and the classifier.
        for node in graph.weightedNodes(.none).dropFirst() {
          let tensor = try #require(graph[node.weights].constant)
          let floats = tensor.floats()
          let positions = tensor.shape.dimensions[2...].reduce(1, *)
          for first in floats.indices where first / positions % 4 == 0 {
            let zeros = (0..<4).count { floats[first + $0 * positions] == 0 }
            if case .pattern = pattern {
              #expect(zeros == 2)
            } else {
              #expect(zeros == 0 || zeros == 4)
            }
          }
        }
        let (second, last) = (Self.weights(graph)[1], Self.weights(graph)[2])
        let zeros = (second + last).count { $0 == 0 }
        if case .pattern = pattern { #expect(zeros * 2 == second.count + last.count) }
        #expect(abs(Double(zeros) / Double(second.count + last.count) - 0.5) < 0.05)
      }
    }
  }

  @Test func hasAllZerosWhenItIsEndedEarly() throws {
    try withTemporaryFolder { folder in
      try Self.write(80, seed: 15, to: folder)
      var graph = try Self.network()
      let stop = StopSignal()
      stop.give()
      let effect = try Self.train(
        &graph, Self.options([.unstructured(0.5)], epochs: 1_000), on: folder, stop: stop)
      #expect(effect.steps == 0)
      let all = Self.weights(graph).flatMap { $0 }
      #expect(all.count { $0 == 0 } == all.count / 2)
    }
  }

  @Test func saysWhatIsWrongWithLabels() throws {
    try withTemporaryFolder { folder in
      try Self.write(20, seed: 16, to: folder + "/labelled")
      var graph = try Self.network()
      #expect {
        try Self.train(&graph, Self.options([], epochs: 1), on: folder + "/labelled/0")
      } throws: { "\($0)".contains("has no labels") }
      let other = folder + "/other"
      try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: folder + "/labelled/0/0.npy", toPath: other + "/a.npy")
      try "a.npy\t7\n".write(toFile: other + "/labels.tsv", atomically: true, encoding: .utf8)
      #expect {
        try Self.train(&graph, Self.options([], epochs: 1), on: other)
      } throws: { "\($0)".contains("4 classes") }
    }
  }
}
