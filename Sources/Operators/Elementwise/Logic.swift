import Kernels
import ModelFormat

/// A function of two bools, each 0 or 1.
protocol LogicFunction: Sendable {
  /// The function's value, 0 or 1.
  func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8
}

extension NodeFacts {
  /// An execution that combines two bool inputs, in which any byte but zero is true.
  func logic<F: LogicFunction>(
    _ kernel: String, _ function: F
  ) throws(OperatorError) -> Execution {
    for index in 0...1 { try require(try input(index), "input \(index)", among: [.bool]) }
    let walk = Broadcast(try output(), [try input(0), try input(1)])
    let pair = Deciding(function: function)
    return Execution(kernel: kernel, overwrites: try overwritable([0, 1])) { operands in
      operands.combine(walk, .input(0), .input(1), pair)
    }
  }
}

/// A logic function of bytes.
private struct Deciding<F: LogicFunction>: PairFunction {
  let function: F
  @inline(__always)
  func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 {
    function(a == 0 ? 0 : 1, b == 0 ? 0 : 1)
  }
}
