import Convert
import Foundation
import Interpreter
import ModelFormat

/// What a model says about one input.
struct RunResult: Encodable {
  /// A class with its score.
  struct Class: Encodable {
    let index: Int
    let label: String?
    let score: Float
    let probability: Double
  }

  /// One output in figures.
  struct Output: Encodable {
    let name: String
    let shape: [Int]
    let type: String
    let min: Float
    let max: Float
    let mean: Double
  }

  let input: String
  /// The classes with the largest scores, where the first output is one row of scores.
  let top: [Class]
  let outputs: [Output]

  init(_ input: String, _ interpreter: Interpreter, _ labels: [String], top count: Int) {
    self.input = input
    var outputs: [Output] = []
    for (index, port) in interpreter.outputs.enumerated() {
      let elements = interpreter.floats(index)
      outputs.append(
        Output(
          name: port.name, shape: port.shape.dimensions, type: port.type.name,
          min: elements.min() ?? 0, max: elements.max() ?? 0,
          mean: elements.isEmpty
            ? 0 : elements.reduce(0) { $0 + Double($1) } / Double(elements.count)))
    }
    self.outputs = outputs
    guard let port = interpreter.outputs.first, port.shape.rank > 0,
      let classes = port.shape.dimensions.last(where: { $0 > 1 }),
      port.shape.dimensions.dropFirst().reduce(1, *) == classes || port.shape.rank == 1
    else {
      top = []
      return
    }
    let scores = Array(interpreter.floats(0).prefix(classes))
    let largest = scores.max() ?? 0
    // Scores that already sum to one are probabilities; others are logits.
    let sum = scores.reduce(0) { $0 + Double($1) }
    let isNormalized = abs(sum - 1) < 1e-3 && scores.allSatisfy { $0 >= 0 }
    let weights =
      isNormalized ? scores.map { Double($0) } : scores.map { exp(Double($0 - largest)) }
    let total = weights.reduce(0, +)
    let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    top = order.prefix(count).map { index in
      Class(
        index: index, label: index < labels.count ? labels[index] : nil, score: scores[index],
        probability: weights[index] / total)
    }
  }

  /// The result as lines of text.
  var text: String {
    var lines = [input]
    if top.isEmpty {
      lines += outputs.map { output in
        "  \(output.name)  \(Shape(output.shape))  \(output.type)  "
          + String(format: "%.6g … %.6g, mean %.6g", output.min, output.max, output.mean)
      }
    }
    lines += top.map { entry in
      let label = entry.label ?? "class \(entry.index)"
      return String(format: "  %6.2f %%  ", entry.probability * 100) + label
    }
    return lines.joined(separator: "\n")
  }

  /// `name` with every character that is not plain replaced, for use as a file name.
  static func fileName(_ name: String) -> String {
    let plain = name.map { character -> Character in
      character.isASCII && (character.isLetter || character.isNumber || "_.-".contains(character))
        ? character : "_"
    }
    return String(plain)
  }

  /// File names for outputs of these names: no two are one, not even where case is ignored, and none is
  /// longer than file systems bear.
  static func fileNames(_ names: [String]) -> [String] {
    var taken: Set<String> = []
    return names.map { name in
      let plain = String(fileName(name).prefix(200))
      var candidate = plain
      var number = 1
      while !taken.insert(candidate.lowercased()).inserted {
        number += 1
        candidate = "\(plain)_\(number)"
      }
      return candidate
    }
  }
}
