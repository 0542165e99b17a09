import Kernels
import ModelFormat

/// What happens to the scores of a query before the softmax.
struct AttentionMasking: Sendable {
  private let factor: Float
  private let softcap: Float
  private let total: Int
  private let queries: Int
  private let past: Int
  private let isCausal: Bool
  /// Entries before and behind a query that it attends to, or nil for all.
  private let left: Int?, right: Int?
  /// Whether input 6 says how many entries are no padding.
  private let lengths: IndexReader?
  /// The mask's last extent, its strides over samples, heads and queries, and whether it is boolean.
  private let width: Int?
  private let strides: [Int]
  private let isBoolean: Bool

  /// The masking that a node's attributes and inputs describe.
  init(_ facts: NodeFacts, _ sizes: AttentionSizes) throws(OperatorError) {
    let natural = 1 / Float(max(1, sizes.query.size)).squareRoot()
    factor = try facts.float("scale", default: natural)
    softcap = try facts.float("softcap", default: 0)
    guard softcap >= 0 else { throw .attribute(name: "softcap", problem: "is \(softcap)") }
    isCausal = try facts.int("is_causal", default: 0) != 0
    (total, queries, past) = (sizes.total, sizes.query.length, sizes.past)
    let windows = (
      try facts.int("left_window_size", default: -1),
      try facts.int("right_window_size", default: -1)
    )
    guard windows.0 >= -1, windows.1 >= -1 else {
      throw .attribute(name: "left_window_size", problem: "or the right one is below -1")
    }
    left = windows.0 < 0 ? nil : min(windows.0, Limits.extent)
    right = windows.1 < 0 ? nil : min(windows.1, Limits.extent)
    lengths = facts.optionalInput(6) == nil ? nil : try IndexReader(facts, 6)
    guard let mask = sizes.mask, let input = facts.optionalInput(3) else {
      (width, strides, isBoolean) = (nil, [0, 0, 0], false)
      return
    }
    try facts.require(input, "the mask", among: [.float32, .bool])
    isBoolean = input.type == .bool
    width = mask[3]
    let dense = Shape(mask).strides
    strides = (0..<3).map { mask[$0] == 1 ? 0 : dense[$0] }
  }

  /// Multiplies scores with the node's scale.
  func scale(_ line: UnsafeMutablePointer<Float>) {
    for i in 0..<total { line[i] *= factor }
  }

  /// Bends scores to within the node's cap.
  func cap(_ line: UnsafeMutablePointer<Float>) {
    guard softcap > 0 else { return }
    for i in 0..<total { line[i] = Float.hyperbolicTangent(line[i] / softcap) * softcap }
  }

  /// Adds the mask, and gives the entries that the query may attend to; nil where there is none.
  ///
  /// Entries outside of the range become negative infinity.
  func mask(
    _ operands: Operands, _ line: UnsafeMutablePointer<Float>, _ sample: Int, _ head: Int,
    _ query: Int
  ) -> Range<Int>? {
    var end = width ?? total
    var start = 0
    var offset = past
    if let lengths {
      let length = max(0, min(total, lengths.raw(operands, sample)))
      end = min(end, length)
      offset = length - queries
    }
    if isCausal { end = min(end, query + offset + 1) }
    if let left { start = max(start, query + offset - left) }
    if let right { end = min(end, query + offset + right + 1) }
    end = max(0, end)
    start = min(start, end)
    line.update(repeating: -.infinity, count: start)
    (line + end).update(repeating: -.infinity, count: total - end)
    guard width != nil else { return start < end ? start..<end : nil }
    let row = sample * strides[0] + head * strides[1] + query * strides[2]
    var isOpen = false
    if isBoolean {
      let mask = operands.input(3, as: UInt8.self) + row
      for i in start..<end {
        if mask[i] == 0 { line[i] = -.infinity } else { isOpen = true }
      }
    } else {
      let mask = operands.input(3, as: Float.self) + row
      for i in start..<end {
        line[i] += mask[i]
        if mask[i] > -.infinity { isOpen = true }
      }
    }
    return isOpen ? start..<end : nil
  }
}
