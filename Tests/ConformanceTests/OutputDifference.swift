import ModelFormat

/// How an output differs from the stored one, by the rules of ONNX's own backend runner.
///
/// Types and shapes must be the same, except that half precision may come as float32. Integers and
/// booleans must be equal, real numbers within 1e-7 + 1e-3 of the stored one; NaN equals NaN.
struct OutputDifference {
  /// What differs first, for a message that begins with the output's name.
  let words: String

  /// The difference between `found` and `wanted`, or nil where there is none that counts.
  init?(_ found: Tensor, _ wanted: Tensor) {
    guard found.type == wanted.type || (found.type == .float32 && wanted.type.isHalf) else {
      words = "is \(found.type.name), not \(wanted.type.name)"
      return
    }
    guard found.shape == wanted.shape else {
      words = "is \(found.shape), not \(wanted.shape)"
      return
    }
    if found.type.isFloatingPoint {
      let (a, b) = (found.reals, wanted.reals)
      let wrong = a.indices.filter { !Self.isClose(a[$0], b[$0]) }
      guard let first = wrong.first else { return nil }
      words =
        "differs in \(wrong.count) of \(a.count) elements: [\(first)] is \(Float(a[first])), "
        + "not \(Float(b[first]))"
    } else {
      guard let a = found.integers(), let b = wanted.integers() else { return nil }
      let wrong = a.indices.filter { a[$0] != b[$0] }
      guard let first = wrong.first else { return nil }
      words =
        "differs in \(wrong.count) of \(a.count) elements: [\(first)] is \(a[first]), "
        + "not \(b[first])"
    }
  }

  /// Whether `found` is as close to `wanted` as numpy's `assert_allclose` asks.
  static func isClose(_ found: Double, _ wanted: Double) -> Bool {
    if found.isNaN || wanted.isNaN { return found.isNaN && wanted.isNaN }
    if found.isInfinite || wanted.isInfinite { return found == wanted }
    return abs(found - wanted) <= 1e-7 + 1e-3 * abs(wanted)
  }
}

extension ElementType {
  fileprivate var isHalf: Bool { self == .float16 || self == .bfloat16 }
}

extension Tensor {
  /// The elements of a real type, without loss.
  fileprivate var reals: [Double] {
    type == .float64 ? dense.elements(as: Double.self) : floats().map { Double($0) }
  }
}
