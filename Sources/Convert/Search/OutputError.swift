import Foundation

/// How far the outputs of a compressed network are from the original's, as one number to choose by.
public struct OutputError: Sendable, Hashable {
  /// Samples that were compared.
  public private(set) var samples = 0
  /// The sum of squared differences over the sum of squares, of all outputs and samples.
  ///
  /// A sum over outputs, each relative to itself: 0 is the same, 1 is as good as zeros.
  public var relative: Double {
    zip(differences, squares).reduce(0) { $0 + ($1.1 > 0 ? $1.0 / $1.1 : $1.0 > 0 ? 1 : 0) }
  }
  /// The mean Kullback-Leibler divergence of the predicted class distribution, in nats; nil where the first
  /// output is no row of class scores.
  public var divergence: Double? { rows == 0 ? nil : divergences / Double(rows) }
  /// The number to choose by: the divergence of predictions where there are some, else the relative error.
  public var loss: Double { divergence ?? relative }
  /// The part of samples with the same largest score.
  public var agreement: Double { rows == 0 ? 1 : Double(agreements) / Double(rows) }

  /// The error in words.
  var text: String {
    if let divergence {
      return String(format: "divergence %.3g, agreement %.1f %%", divergence, 100 * agreement)
    }
    return String(format: "squared error of the outputs %.3g", relative)
  }

  private var differences: [Double] = []
  private var squares: [Double] = []
  private var divergences = 0.0
  private var agreements = 0
  private var rows = 0

  /// Takes in all outputs of one sample.
  ///
  /// - Parameter classes: the rows of class scores in the first output; zero where it holds none.
  mutating func add(_ original: [[Float]], _ compressed: [[Float]], rows classes: Int) {
    samples += 1
    if differences.isEmpty {
      differences = [Double](repeating: 0, count: original.count)
      squares = differences
    }
    for (output, (a, b)) in zip(original, compressed).enumerated() {
      guard a.count == b.count else {
        differences[output] += .infinity
        continue
      }
      for (x, y) in zip(a, b) where x.isFinite {
        let difference = y.isFinite ? Double(x) - Double(y) : Double(x)
        differences[output] += difference * difference
        squares[output] += Double(x) * Double(x)
      }
    }
    guard classes > 0, let a = original.first, let b = compressed.first, a.count == b.count else {
      return
    }
    let length = a.count / classes
    for row in 0..<classes {
      let range = (row * length)..<((row + 1) * length)
      rows += 1
      divergences += Self.divergence(a[range], b[range])
      agreements +=
        OutputComparison.argmax(a[range]) == OutputComparison.argmax(b[range]) ? 1 : 0
    }
  }

  /// The divergence between the distributions that two rows of scores stand for.
  private static func divergence(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    let (p, q) = (distribution(a), distribution(b))
    return zip(p, q).reduce(0) { sum, pair in
      pair.0 > 0 ? sum + pair.0 * log(pair.0 / max(pair.1, 1e-12)) : sum
    }
  }

  /// Probabilities: the scores themselves where they are some, otherwise their softmax.
  private static func distribution(_ scores: ArraySlice<Float>) -> [Double] {
    let values = scores.map { $0.isFinite ? Double($0) : 0 }
    let sum = values.reduce(0, +)
    if values.allSatisfy({ $0 >= 0 && $0 <= 1 }), abs(sum - 1) < 1e-3 { return values }
    let most = values.max() ?? 0
    let parts = values.map { exp($0 - most) }
    let total = parts.reduce(0, +)
    return parts.map { $0 / total }
  }
}
