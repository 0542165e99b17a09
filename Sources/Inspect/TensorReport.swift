import Foundation
import ModelFormat

/// One constant: how it is stored, and how near that is to what information theory allows.
public struct TensorReport: Sendable, Encodable {
  /// The name of the first value that it belongs to.
  public let name: String
  /// The extents.
  public let shape: [Int]
  /// The stored type.
  public let type: String
  /// The encoding.
  public let encoding: String
  /// Bytes in the file: positions, values and scales.
  public let bytes: Int
  /// Elements that are not zero.
  public let nonzero: Int
  /// Stored bits for each element, scales included.
  public let bitsPerWeight: Double
  /// The Shannon bound of the elements, in bytes: what no lossless code of single elements can beat.
  public let entropyBytes: Int
  /// Bytes on the way to a device, as `pare pack` codes them.
  public let wireBytes: Int

  /// The constants of a graph, each tensor once, in the order of values.
  static func all(_ graph: Graph, _ file: ModelFile?) -> [TensorReport] {
    let placed = file.map { Set($0.tensorPlaces.map(\.name)) }
    let found = graph.values.compactMap { value in
      value.constant.flatMap { placed?.contains(value.name) ?? true ? (value.name, $0) : nil }
    }
    return zip(found, WireForecast.bytes(found.map(\.1))).map { TensorReport($0.0, $0.1, $1) }
  }

  private init(_ name: String, _ tensor: Tensor, _ wireBytes: Int) {
    self.name = name
    shape = tensor.shape.dimensions
    type = tensor.type.name
    encoding = tensor.encoding.name
    bytes = tensor.byteCount + tensor.scaleBytes
    nonzero = tensor.nonzeroCount
    let count = max(1, tensor.shape.count)
    bitsPerWeight = Double(bytes) * 8 / Double(count)
    self.wireBytes = wireBytes
    entropyBytes = Int((Entropy.bits(tensor) / 8).rounded(.up))
  }
}

/// Order-zero entropies.
enum Entropy {
  /// The bits that the elements of a tensor take at least: which of them are zero, and the values of the
  /// others, each byte of an element by itself.
  static func bits(_ tensor: Tensor) -> Double {
    let count = tensor.shape.count
    guard count > 0 else { return 0 }
    let density = Double(tensor.nonzeroCount) / Double(count)
    var bits = binary(density) * Double(count)
    let size = tensor.type.size
    tensor.dense.withUnsafeBytes { bytes in
      for plane in 0..<size {
        var counts = [Int](repeating: 0, count: 256)
        for element in 0..<count {
          // Elements that are zero are told by their position.
          let start = element * size
          if (0..<size).contains(where: { bytes[start + $0] != 0 }) {
            counts[Int(bytes[start + plane])] += 1
          }
        }
        bits += total(counts)
      }
    }
    return bits
  }

  /// The bits that symbols with these counts take together.
  static func total(_ counts: [Int]) -> Double {
    let sum = Double(counts.reduce(0, +))
    return counts.reduce(0.0) { bits, count in
      count == 0 ? bits : bits - Double(count) * logarithm(Double(count) / sum)
    }
  }

  /// The entropy of one yes or no of probability `p`.
  static func binary(_ p: Double) -> Double {
    p <= 0 || p >= 1 ? 0 : -p * logarithm(p) - (1 - p) * logarithm(1 - p)
  }

  private static func logarithm(_ x: Double) -> Double { log2(x) }
}
