import ModelFormat

/// The dimensions of an Einsum's operands and of its output, as numbers; equal numbers run together.
struct EinsumEquation: Sendable {
  /// The label of each dimension of each operand; one label may stand there twice.
  var operands: [[Int]]
  /// The labels of the output.
  var output: [Int]

  /// Labels of dimensions that an ellipsis stands for: this number, counted from the last dimension.
  private static let ellipsis = 1000

  /// Parses `text` for operands of the given ranks.
  ///
  /// Without an arrow, the output has the labels that stand there once, in the order of the alphabet,
  /// behind what the ellipses stand for.
  init(_ text: String, ranks: [Int]) throws(OperatorError) {
    let letters = [UInt8](text.utf8).filter { $0 != UInt8(ascii: " ") }
    let arrow = letters.indices.first {
      letters[$0] == UInt8(ascii: "-") && $0 + 1 < letters.count
        && letters[$0 + 1] == UInt8(ascii: ">")
    }
    let terms = letters[..<(arrow ?? letters.count)].split(
      separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard terms.count == ranks.count else {
      throw .attribute(
        name: "equation", problem: "has \(terms.count) terms, but there are \(ranks.count) inputs")
    }
    operands = []
    var widest = 0
    for (term, rank) in zip(terms, ranks) {
      let named = term.count { EinsumEquation.isLetter($0) }
      let open = rank - named
      guard open >= 0 else {
        throw .attribute(name: "equation", problem: "names \(named) of \(rank) dimensions")
      }
      let (labels, hasEllipsis) = try EinsumEquation.labels(Array(term), open)
      guard labels.count == rank else {
        throw .attribute(name: "equation", problem: "names \(labels.count) of \(rank) dimensions")
      }
      if hasEllipsis { widest = max(widest, open) }
      operands.append(labels)
    }
    if let arrow {
      (output, _) = try EinsumEquation.labels(Array(letters[(arrow + 2)...]), widest)
    } else {
      let all = operands.flatMap { $0 }
      output = (0..<widest).reversed().map { EinsumEquation.ellipsis + $0 }
      for label in 0..<128 where all.count(where: { $0 == label }) == 1 { output.append(label) }
    }
    for (index, label) in output.enumerated() {
      guard operands.contains(where: { $0.contains(label) }), !output[..<index].contains(label)
      else { throw .attribute(name: "equation", problem: "has a wrong output: '\(text)'") }
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
      || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
  }

  /// The labels of one term, where an ellipsis stands for `open` dimensions.
  private static func labels(
    _ term: [UInt8], _ open: Int
  ) throws(OperatorError) -> (labels: [Int], hasEllipsis: Bool) {
    var labels: [Int] = []
    var hasEllipsis = false
    var index = 0
    while index < term.count {
      if isLetter(term[index]) {
        labels.append(Int(term[index]))
        index += 1
      } else if index + 2 < term.count, !hasEllipsis,
        term[index..<(index + 3)].allSatisfy({ $0 == UInt8(ascii: ".") })
      {
        labels += (0..<open).reversed().map { ellipsis + $0 }
        hasEllipsis = true
        index += 3
      } else {
        throw .attribute(name: "equation", problem: "has a term that is no list of letters")
      }
    }
    return (labels, hasEllipsis)
  }
}
