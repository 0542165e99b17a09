public import Interpreter
import ModelFormat

extension Interpreter {
  /// The elements of output `index` as floats, whatever their type.
  public func floats(_ index: Int) -> [Float] {
    let bytes = output(index)
    if outputs[index].type == .float32 { return [Float](bytes.bindMemory(to: Float.self)) }
    return Tensor(
      type: outputs[index].type, shape: outputs[index].shape, bytes: Bytes([UInt8](bytes))
    ).floats()
  }

  /// The bytes of all outputs, one behind the other.
  func outputBytes() -> [UInt8] { outputs.indices.flatMap { [UInt8](output($0)) } }

  /// Copies all inputs of `other`, which has the same ones.
  public func copyInputs(of other: Interpreter) {
    for index in inputs.indices {
      input(index).copyMemory(from: UnsafeRawBufferPointer(other.input(index)))
    }
  }
}
