public import Interpreter
import ModelFormat

/// How far outputs are from those of the original, over many samples.
public struct OutputComparison: Sendable, Hashable {
  /// Samples that were compared.
  public private(set) var samples = 0
  /// The largest difference of one element.
  public private(set) var maximumError = 0.0
  /// The mean difference of an element.
  public var meanError: Double { count == 0 ? 0 : errorSum / Double(count) }
  /// The cosine of the angle between both outputs, all samples taken as one vector.
  public var cosine: Double {
    if originalSquares == 0 || compressedSquares == 0 {
      return originalSquares == compressedSquares ? 1 : 0
    }
    return products / (originalSquares * compressedSquares).squareRoot()
  }
  /// The fraction of samples whose largest element is the same.
  public var top1Agreement: Double {
    classifications == 0 ? 1 : Double(agreements) / Double(classifications)
  }
  /// The largest magnitude in the original's outputs.
  public private(set) var largest = 0.0
  /// Outputs that are not finite although the original's are.
  public private(set) var notFinite = 0
  /// Outputs that have another number of elements than the original's: their shapes depend on the data.
  public private(set) var otherShapes = 0

  /// Whether there were samples, but no finite number among the original's outputs.
  public var foundNothingFinite: Bool { samples > 0 && count == 0 && otherShapes == 0 }

  /// Whether some output was a row of class scores.
  public private(set) var isClassification = false
  /// Whether the compressed network's outputs have nothing to do with the original's.
  public var hasCollapsed: Bool {
    // Where all classes score alike another one may win, and the scores be the same but for noise.
    notFinite > 0 || (isClassification ? top1Agreement < 0.5 && cosine < 0.95 : cosine < 0.5)
  }

  private var count = 0
  private var errorSum = 0.0
  private var products = 0.0
  private var originalSquares = 0.0
  private var compressedSquares = 0.0
  private var classifications = 0
  private var agreements = 0

  /// A comparison of nothing yet.
  public init() {}

  /// Compares all outputs of two runs on the same sample; both interpreters have the same outputs.
  public mutating func compare(
    _ original: [[Float]], _ compressed: [[Float]], _ ports: [Interpreter.Port]
  ) {
    samples += 1
    for output in original.indices {
      guard original[output].count == compressed[output].count else {
        otherShapes += 1
        continue
      }
      let isScores = output == 0 && ports[output].isClassScores
      compare(
        original[output], compressed[output], rows: isScores ? max(1, ports[output].shape[0]) : 1,
        isClassification: isScores)
    }
  }

  /// Takes in one output of one sample.
  ///
  /// - Parameters:
  ///   - rows: how many samples of a batch the elements belong to; each has its own largest.
  ///   - isClassification: whether the largest element is a prediction.
  mutating func compare(
    _ original: [Float], _ compressed: [Float], rows: Int = 1, isClassification: Bool = true
  ) {
    for (a, b) in zip(original, compressed) {
      guard b.isFinite else {
        if a.isFinite { notFinite += 1 }
        continue
      }
      guard a.isFinite else { continue }
      let (x, y) = (Double(a), Double(b))
      let error = abs(x - y)
      maximumError = max(maximumError, error)
      largest = max(largest, abs(x))
      errorSum += error
      products += x * y
      originalSquares += x * x
      compressedSquares += y * y
      count += 1
    }
    guard isClassification, rows > 0, original.count >= rows else { return }
    self.isClassification = true
    let length = original.count / rows
    for row in 0..<rows {
      let range = (row * length)..<((row + 1) * length)
      classifications += 1
      agreements += Self.argmax(original[range]) == Self.argmax(compressed[range]) ? 1 : 0
    }
  }

  /// The position of the largest element, the first of equals; nil where there is none.
  public static func argmax(_ elements: ArraySlice<Float>) -> Int? {
    var best: Int?
    for index in elements.indices where !elements[index].isNaN {
      if best.map({ elements[index] > elements[$0] }) ?? true { best = index }
    }
    return best.map { $0 - elements.startIndex }
  }
}
