public import Kernels

/// Where the operands of one node lie during a run.
///
/// Every activation is aligned to 64 bytes and followed by at least 64 readable bytes. The pointer of
/// an operand that is left out or packed (`Execution.packedInputs`) must not be read.
public struct Operands: @unchecked Sendable {
  // Sound to send: parts of one task read the same inputs and write disjoint parts of the outputs.
  private let inputs: UnsafePointer<UnsafeMutableRawPointer>
  private let outputs: UnsafePointer<UnsafeMutableRawPointer>
  /// Memory for intermediate results, of as many bytes as `Execution.scratch` says.
  public let scratch: UnsafeMutableRawPointer
  /// The threads to use.
  public let pool: ThreadPool

  /// Operands at the given addresses.
  public init(
    inputs: UnsafePointer<UnsafeMutableRawPointer>, outputs: UnsafePointer<UnsafeMutableRawPointer>,
    scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.scratch = scratch
    self.pool = pool
  }

  /// The address of input `index`, as elements of `type`.
  public func input<T>(_ index: Int, as type: T.Type = T.self) -> UnsafePointer<T> {
    UnsafePointer(inputs[index].assumingMemoryBound(to: type))
  }

  /// The address of output `index`, as elements of `type`.
  public func output<T>(_ index: Int = 0, as type: T.Type = T.self) -> UnsafeMutablePointer<T> {
    outputs[index].assumingMemoryBound(to: type)
  }

  /// The untyped address of input `index`.
  public func rawInput(_ index: Int) -> UnsafeRawPointer { UnsafeRawPointer(inputs[index]) }

  /// The untyped address of output `index`.
  public func rawOutput(_ index: Int = 0) -> UnsafeMutableRawPointer { outputs[index] }
}
