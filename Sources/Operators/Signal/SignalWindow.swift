import ModelFormat

/// An operator that gives the weights of a window: `weight` of a phase from 0 to 2π.
///
/// Input: the number of weights (constant). Attributes: `periodic` (1: the phase of the weight behind
/// the last is 2π; 0: that of the last), `output_datatype` (float32 or float64).
private func window(_ name: String, _ weight: @escaping @Sendable (Double) -> Double) -> Operator {
  Operator(
    name, since: 17, inputs: 1...1,
    infer: { facts throws(OperatorError) in
      _ = try facts.input(0)
      let size = try facts.constantInteger(0, "size") ?? 0
      guard size >= 0, size <= 1 << 28 else {
        throw .shapeMismatch("a window of \(size) weights is not supported")
      }
      return [try facts.result(try facts.signalType(), [size])]
    },
    prepare: { facts throws(OperatorError) in
      let result = try facts.output()
      let isPeriodic = try facts.int("periodic", default: 1) != 0
      let turn = Double(max(1, isPeriodic ? result.count : result.count - 1))
      let weights = (0..<result.count).map { weight(2 * Double.pi * Double($0) / turn) }
      return .signal(weights, result.type)
    })
}

extension Operator {
  /// HannWindow: `(1 - cos φ) / 2`.
  static let hannWindow = window("HannWindow") { 0.5 - 0.5 * Double.cosine($0) }

  /// HammingWindow: `25/46 - 21/46 cos φ`.
  static let hammingWindow = window("HammingWindow") { (25 - 21 * Double.cosine($0)) / 46 }

  /// BlackmanWindow: `0.42 - 0.5 cos φ + 0.08 cos 2φ`.
  static let blackmanWindow = window("BlackmanWindow") {
    0.42 - 0.5 * Double.cosine($0) + 0.08 * Double.cosine(2 * $0)
  }
}

extension NodeFacts {
  /// The type that `output_datatype` names: float32 or float64; half precision is computed in float32.
  func signalType() throws(OperatorError) -> ElementType {
    let number = try int("output_datatype", default: Int(ElementType.float32.rawValue))
    switch UInt8(exactly: number).flatMap({ ElementType(rawValue: $0) }) {
    case .float32, .float16, .bfloat16: return .float32
    case .float64: return .float64
    default:
      throw .attribute(name: "output_datatype", problem: "is \(number), but must be 1 or 11")
    }
  }
}

extension Execution {
  /// An execution that writes `elements` as float32 or float64.
  static func signal(_ elements: [Double], _ type: ElementType) -> Execution {
    Execution(kernel: "table") { operands in
      if type == .float64 {
        let to = operands.output(as: Double.self)
        for i in elements.indices { to[i] = elements[i] }
      } else {
        let to = operands.output(as: Float.self)
        for i in elements.indices { to[i] = Float(elements[i]) }
      }
    }
  }
}
