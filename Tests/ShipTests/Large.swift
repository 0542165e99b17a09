import Foundation
import ModelFormat
import TestSupport

/// Files of one matrix, large enough for several chunks.
enum Large {
  /// A file with a float matrix of 256 kB.
  static func file(_ seed: UInt64 = 7, noise: Float = 0) throws -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    var other = SeededGenerator(seed: 99)
    let weights = random.normal(1 << 16, deviation: 0.05)
    let changes = other.normal(1 << 16, deviation: noise)
    return file(Tensor(zip(weights, changes).map { $0 + $1 }, shape: [256, 256]), 256)
  }

  /// A file with an int8 matrix of 2¹⁹ weights, each row with a scale of its own, of which a part are
  /// zeros; and the fewest bytes that places and values can take, by Shannon's bound of order zero.
  static func pruned(_ zeros: Double) throws -> (file: [UInt8], bound: Double) {
    let (rows, columns) = (512, 1024)
    var random = SeededGenerator(seed: 8)
    let weights = (0..<rows * columns).map { _ -> Float in
      // Box and Muller: the tails matter to the entropy.
      let u = Float.random(in: 1e-7..<1, using: &random)
      let v = Float.random(in: 0..<1, using: &random)
      return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    }
    let sorted = weights.map { abs($0) }.sorted()
    let least = zeros > 0 ? sorted[Int(zeros * Double(sorted.count))] : -1
    var stored: [Int8] = []
    var scales: [Float] = []
    for row in 0..<rows {
      let part = weights[(row * columns)..<((row + 1) * columns)]
      let scale = (part.map { abs($0) }.max() ?? 1) / 127
      scales.append(scale)
      stored += part.map { weight in
        guard abs(weight) >= least else { return 0 }
        let level = Int8((weight / scale).rounded())
        return level == 0 && zeros > 0 ? (weight < 0 ? -1 : 1) : level
      }
    }
    var counts = [Int8: Int]()
    for value in stored { counts[value, default: 0] += 1 }
    let bits = counts.values.reduce(0.0) {
      $0 - Double($1) * log2(Double($1) / Double(stored.count))
    }
    let tensor = int8(stored, Shape([rows, columns]), scales).encoded()
    // The scales are data too, of which little can be spared.
    return (file(tensor, columns), bits / 8 + Double(rows) * 3.6)
  }

  /// A file with a delta's base: int8 weights; and the same with a part of them changed by one.
  static func int8(changed part: Double) throws -> (old: [UInt8], new: [UInt8]) {
    var random = SeededGenerator(seed: 9)
    let old = (0..<(1 << 18)).map { _ in Int8.random(in: -100...100, using: &random) }
    let new = old.map {
      Double.random(in: 0..<1, using: &random) < part
        ? $0 + (Bool.random(using: &random) ? 1 : -1) : $0
    }
    let scales = [Float](repeating: 0.01, count: 512)
    return (
      file(int8(old, [512, 512], scales), 512), file(int8(new, [512, 512], scales), 512)
    )
  }

  private static func int8(_ stored: [Int8], _ shape: Shape, _ scales: [Float]) -> Tensor {
    Tensor(
      type: .int8, shape: shape, bytes: Bytes(elements: stored),
      quantization: Quantization(scales: scales, axis: 0))
  }

  private static func file(_ weights: Tensor, _ columns: Int) -> [UInt8] {
    var builder = GraphBuilder()
    let input = builder.input([1, columns])
    let matrix = builder.constant(weights)
    let output = builder.node("Gemm", input, matrix, attributes: ["transB": .int(1)])
    var graph = builder.finish(output)
    // What nothing here infers.
    graph.values[matrix.index].type = .float32
    graph.values[output.index].shape = Shape([1, weights.shape[0]])
    return ModelWriter(Model(graph: graph)).bytes()
  }
}
