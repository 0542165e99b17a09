public import Interpreter
import ModelFormat
import Operators

extension Interpreter.Port {
  /// Whether this is a batch of rows of class scores: all extents but the batch and one are one.
  public var isClassScores: Bool {
    shape.rank >= 1 && shape[0] >= 1 && shape.dimensions.dropFirst().count { $0 > 1 } == 1
  }
}

extension Interpreter {
  /// Computes the outputs; only a network whose shapes depend on its data can fail here.
  func compute() throws(ConvertError) {
    do throws(InterpreterError) { try run() } catch { throw .graph(error) }
  }

  /// Computes the outputs, and calls `observe` after each planned step with its position.
  func compute(observing observe: (Int) -> Void) throws(ConvertError) {
    do throws(InterpreterError) { try run(observing: observe) } catch { throw .graph(error) }
  }

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

  /// The elements of all outputs as floats.
  public func floats() -> [[Float]] { outputs.indices.map { floats($0) } }

  /// Copies all inputs of `other`, which has the same ones.
  public func copyInputs(of other: Interpreter) {
    for index in inputs.indices {
      input(index).copyMemory(from: UnsafeRawBufferPointer(other.input(index)))
    }
  }

  /// What step `step` has just written to output `output`: real numbers in row-major order.
  ///
  /// Two networks may hold a value in different types and layouts; this makes them comparable.
  func stepFloats(_ step: Int, _ output: Int) -> [Float] {
    let bytes = stepOutput(step, output)
    let facts = steps[step].outputs[output].facts
    let ordered = [UInt8](unsafeUninitializedCapacity: bytes.count) { out, count in
      if let base = out.baseAddress {
        let target = UnsafeMutableRawPointer(base)
        if facts.layout == .channelsLast, facts.shape.rank == 4 {
          Permutation.toRowMajor(bytes, target, facts.shape, facts.type.size)
        } else if let source = bytes.baseAddress {
          target.copyMemory(from: source, byteCount: bytes.count)
        }
      }
      count = bytes.count
    }
    return Tensor(
      type: facts.type, shape: facts.shape, bytes: Bytes(ordered),
      quantization: facts.quantization
    ).floats()
  }
}
