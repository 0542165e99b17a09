import ModelFormat

/// A window that slides over the spatial dimensions of an image, as pooling and convolution have it.
///
/// Attributes: `kernel_shape`, `strides`, `dilations` (default 1), `pads` (default 0) and `auto_pad`
/// (`NOTSET`, `VALID`, `SAME_UPPER`, `SAME_LOWER`).
package struct SpatialWindow: Sendable, Hashable {
  /// The window along one dimension.
  package struct Axis: Sendable, Hashable {
    /// The extent of the input.
    var input: Int
    /// Taps of the window, and entries between them.
    var kernel: Int
    var dilation = 1
    /// Entries between windows.
    var stride = 1
    /// Entries that the input is thought to have before and behind it.
    var before = 0
    var after = 0
    /// The extent of the output.
    var output = 1

    /// Where the window of output `position` begins; negative in the padding.
    func start(_ position: Int) -> Int { position * stride - before }

    /// The taps of the window of output `position` that meet entries below `limit`, and none below 0.
    private func taps(_ position: Int, below limit: Int, from lowest: Int) -> Range<Int> {
      let start = start(position)
      let first = start >= lowest ? 0 : (lowest - start + dilation - 1) / dilation
      let end = start >= limit ? 0 : min(kernel, (limit - 1 - start) / dilation + 1)
      return first..<max(first, end)
    }

    /// The taps of the window of output `position` that meet the input.
    func taps(at position: Int) -> Range<Int> { taps(position, below: input, from: 0) }

    /// The number of taps of that window that meet the input or its padding.
    func paddedTaps(at position: Int) -> Int {
      taps(position, below: input + after, from: -before).count
    }
  }

  /// The dimensions, outermost first.
  var axes: [Axis]

  /// The extents of the output.
  var outputs: [Int] { axes.map({ $0.output }) }

  /// The window over all of `extents`.
  package init(covering extents: [Int]) { axes = extents.map { Axis(input: $0, kernel: $0) } }

  /// The window that a node's attributes describe, over an image of `extents`.
  ///
  /// - Parameters:
  ///   - kernel: the extents of a convolution's weights; a pooling node states them itself.
  ///   - ceil: whether a last window may reach out of the padded input.
  init(
    _ facts: NodeFacts, over extents: [Int], kernel: [Int]? = nil, ceil: Bool = false
  ) throws(OperatorError) {
    let rank = extents.count
    let stated = try SpatialWindow.list(facts, "kernel_shape", rank, default: nil, from: 1)
    guard let kernel = kernel ?? stated else {
      throw .attribute(name: "kernel_shape", problem: "is missing")
    }
    guard stated == nil || stated == kernel else {
      throw .attribute(name: "kernel_shape", problem: "does not fit the weights")
    }
    let ones = [Int](repeating: 1, count: rank)
    let strides = try SpatialWindow.list(facts, "strides", rank, default: ones, from: 1) ?? ones
    let dilations = try SpatialWindow.list(facts, "dilations", rank, default: ones, from: 1) ?? ones
    let zeros = [Int](repeating: 0, count: 2 * rank)
    let pads = try SpatialWindow.list(facts, "pads", 2 * rank, default: zeros, from: 0) ?? zeros
    let padding = try AutoPad(facts)
    axes = []
    for i in 0..<rank {
      var axis = Axis(
        input: extents[i], kernel: kernel[i], dilation: dilations[i], stride: strides[i])
      if padding == .notSet { (axis.before, axis.after) = (pads[i], pads[i + rank]) }
      try axis.place(padding, ceil: ceil)
      axes.append(axis)
    }
  }

  /// A list attribute of `count` numbers of at least `minimum`, at most 31 bits each, so that products
  /// of two cannot overflow.
  static func list(
    _ facts: NodeFacts, _ name: String, _ count: Int, default value: [Int]?, from minimum: Int
  ) throws(OperatorError) -> [Int]? {
    guard let list = try facts.ints(name) else { return value }
    guard list.count == count else {
      throw .attribute(name: name, problem: "has \(list.count) numbers, but must have \(count)")
    }
    guard list.allSatisfy({ $0 >= minimum && $0 <= Int(Int32.max) }) else {
      throw .attribute(name: name, problem: "has a number outside of \(minimum) to 2147483647")
    }
    return list
  }
}

/// How padding follows from the extents.
enum AutoPad: String {
  case notSet = "NOTSET"
  case valid = "VALID"
  case sameUpper = "SAME_UPPER"
  case sameLower = "SAME_LOWER"

  /// The rule that a node's attribute `auto_pad` names.
  init(_ facts: NodeFacts) throws(OperatorError) {
    let name = try facts.string("auto_pad", default: "NOTSET")
    guard let rule = AutoPad(rawValue: name) else {
      throw .attribute(
        name: "auto_pad",
        problem: "is '\(name)', but must be NOTSET, VALID, SAME_UPPER or SAME_LOWER")
    }
    self = rule
  }
}

extension SpatialWindow.Axis {
  /// Sets `output`, and the padding where `rule` decides it: the one place with these formulas.
  fileprivate mutating func place(_ rule: AutoPad, ceil: Bool) throws(OperatorError) {
    guard kernel >= 1, kernel <= Int(Int32.max), input >= 0, input <= Limits.elements else {
      throw .shapeMismatch("a window of \(kernel) over \(input) entries is not supported")
    }
    let reach = (kernel - 1) * dilation + 1
    if rule == .sameUpper || rule == .sameLower {
      output = (input + stride - 1) / stride
      let missing = max(0, (output - 1) * stride + reach - input)
      before = rule == .sameUpper ? missing / 2 : missing - missing / 2
      after = missing - before
      return
    }
    let span = input + before + after - reach
    guard span >= 0 else {
      throw .shapeMismatch(
        "a window of \(reach) does not fit into \(input) entries with padding of "
          + "\(before) and \(after)")
    }
    output = span / stride + 1
    // A last window that is not full may not lie in the padding alone.
    if ceil, span % stride != 0, output * stride < input + before { output += 1 }
  }
}
