import Kernels
import ModelFormat

/// A question about one real number.
protocol ElementTest: Sendable {
  /// The answer for `x`.
  func callAsFunction<T: RealElement>(_ x: T) -> Bool
}

extension NodeFacts {
  /// An execution that asks `question` of each element.
  func test<Q: ElementTest>(_ kernel: String, _ question: Q) throws(OperatorError) -> Execution {
    let x = try input(0)
    switch x.type {
    case .float32: return asking(kernel, x.count, question, Float.self)
    case .float64: return asking(kernel, x.count, question, Double.self)
    default:
      throw .unsupportedType(operand: "input", found: x.type, supported: [.float32, .float64])
    }
  }

  private func asking<Q: ElementTest, T: RealElement>(
    _ kernel: String, _ count: Int, _ question: Q, _: T.Type
  ) -> Execution {
    let each = Asking<Q, T>(question: question)
    return Execution(kernel: kernel) { $0.map(count, each) }
  }
}

private struct Asking<Q: ElementTest, T: RealElement>: MapFunction {
  let question: Q
  @inline(__always)
  func callAsFunction(_ x: T) -> UInt8 { question(x) ? 1 : 0 }
}
