import Kernels
import ModelFormat

extension Operator {
  /// Identity: the input as it is, of any type.
  static let identity = Operator(
    "Identity", since: 13, inputs: 1...1, layout: .follow, quantization: .passthrough,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      let bytes = try facts.input(0).byteCount
      return Execution(kernel: "copy", overwrites: 0) { $0.copyFirstInput(bytes) }
    })
}

extension Operands {
  /// Copies the first input to the first output, unless they share their memory.
  func copyFirstInput(_ bytes: Int) {
    if rawInput(0) != UnsafeRawPointer(rawOutput()) {
      rawOutput().copyMemory(from: rawInput(0), byteCount: bytes)
    }
  }
}
