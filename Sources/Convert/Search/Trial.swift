import Interpreter
import ModelFormat

/// A few samples and what the original network makes of them: compressed forms of it are measured here.
///
/// Inputs are decoded once and kept, so that a form costs its plan and its runs alone.
struct Trial {
  /// Inputs of each sample, the bytes of all ports.
  private(set) var inputs: [[Bytes]] = []
  private var outputs: [[[Float]]] = []
  private let ports: [Interpreter.Port]
  private let threads: Int

  /// The most bytes of inputs that are kept.
  private static let largest = 96 << 20

  /// Samples that are kept.
  var count: Int { inputs.count }

  /// Runs `original` on up to `limit` of `samples` and keeps what goes in and comes out.
  init(
    _ original: Interpreter, _ samples: inout SampleSet, limit: Int, threads: Int
  ) throws(ConvertError) {
    ports = original.outputs
    self.threads = threads
    let size = original.inputs.reduce(1) { $0 + $1.byteCount }
    let count = max(1, min(limit, Self.largest / size))
    var inputs: [[Bytes]] = []
    var outputs: [[[Float]]] = []
    _ = try samples.forEach(limit: count, into: original) { _ throws(ConvertError) in
      inputs.append(original.inputs.indices.map { Bytes([UInt8](original.input($0))) })
      try original.compute()
      outputs.append(original.floats())
    }
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The error of `graph`, which has the inputs and outputs of the original.
  ///
  /// - Parameter limit: the most samples to run on.
  func error(of graph: Graph, limit: Int = .max) throws(ConvertError) -> OutputError {
    try error(of: planned(graph), limit: limit)
  }

  /// The error of `graph`, which has the outputs of the original and reads something else: what `inputs` gives
  /// for a sample.
  func error(
    of graph: Graph, limit: Int, reading inputs: (_ sample: Int) -> [Bytes]
  ) throws(ConvertError) -> OutputError {
    try error(of: planned(graph), limit: limit, reading: inputs)
  }

  /// The error of a network that is planned already.
  func error(of interpreter: Interpreter, limit: Int = .max) throws(ConvertError) -> OutputError {
    try error(of: interpreter, limit: limit) { inputs[$0] }
  }

  private func planned(_ graph: Graph) throws(ConvertError) -> Interpreter {
    do throws(InterpreterError) { return try Interpreter(graph, threads: threads) } catch {
      throw .graph(error)
    }
  }

  private func error(
    of interpreter: Interpreter, limit: Int, reading read: (Int) -> [Bytes]
  ) throws(ConvertError) -> OutputError {
    let classes = ports.first.map { $0.isClassScores ? max(1, $0.shape[0]) : 0 } ?? 0
    var error = OutputError()
    for index in 0..<min(limit, inputs.count) {
      for (port, bytes) in read(index).enumerated() {
        bytes.withUnsafeBytes { interpreter.input(port).copyMemory(from: $0) }
      }
      try interpreter.compute()
      error.add(outputs[index], interpreter.floats(), rows: classes)
    }
    return error
  }
}
