public import Interpreter
public import Metadata
public import ModelFormat

/// Compares what a network computes with what it computed where its file was made.
public enum GoldenCheck {
  /// Elements of each output that are kept.
  private static let values = 16
  /// How far an element may be off: this part of the largest of its output.
  ///
  /// Other kernels round
  /// otherwise, and what is quantized at run time can then take another step.
  private static let tolerance: Float = 0.02
  private static let seed: UInt64 = 1

  /// What `interpreter` computes on random inputs; nil where that says nothing: it cannot run on them, gives
  /// something else each time, or no float.
  public static func record(_ interpreter: Interpreter) -> Golden? {
    guard let first = outputs(interpreter, seed), let second = outputs(interpreter, seed),
      first.map({ $0.map(\.bitPattern) }) == second.map({ $0.map(\.bitPattern) })
    else { return nil }
    let probes = first.map { output in
      let count = min(values, output.count)
      let kept = (0..<count).map { output[$0 * output.count / count] }
      let largest = output.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
      return Golden.Probe(
        elements: output.count, values: kept, tolerance: largest * tolerance + 1e-6)
    }
    return probes.contains { !$0.values.isEmpty } ? Golden(seed: seed, probes: probes) : nil
  }

  /// What is wrong with what `interpreter` computes, in words; nil where it is as `golden` says.
  public static func disagreement(_ golden: Golden, _ interpreter: Interpreter) -> String? {
    guard let outputs = outputs(interpreter, golden.seed) else {
      return "it cannot run on the inputs of seed \(golden.seed)"
    }
    guard outputs.count == golden.probes.count else {
      return "\(outputs.count) outputs, \(golden.probes.count) were expected"
    }
    for (index, (output, probe)) in zip(outputs, golden.probes).enumerated() {
      guard output.count == probe.elements || probe.values.isEmpty,
        probe.values.count <= output.count
      else { return "output \(index) has \(output.count) elements, not \(probe.elements)" }
      for (number, wanted) in probe.values.enumerated() {
        let place = number * output.count / probe.values.count
        let found = output[place]
        guard
          found == wanted || found.isNaN && wanted.isNaN || abs(found - wanted) <= probe.tolerance
        else { return "output \(index), element \(place): \(found), not \(wanted)" }
      }
    }
    return nil
  }

  /// Runs the network of a verified file on its golden vector.
  public static func result(_ file: ModelFile) -> GoldenResult {
    let metadata: Metadata
    do throws(MetadataError) { metadata = try Metadata(encoded: file.model.metadata) } catch {
      return .disagrees("\(error)")
    }
    guard let golden = metadata.golden else { return .unknown }
    let interpreter: Interpreter
    do throws(InterpreterError) { interpreter = try Interpreter(file.model.graph) } catch {
      return .disagrees("\(error)")
    }
    return disagreement(golden, interpreter).map { .disagrees($0) } ?? .agrees
  }

  /// The float outputs on the inputs of `seed`; others are empty.
  private static func outputs(_ interpreter: Interpreter, _ seed: UInt64) -> [[Float]]? {
    var random = RandomStream(seed: seed)
    interpreter.fillInputs(&random)
    do throws(InterpreterError) { try interpreter.run() } catch { return nil }
    return interpreter.outputs.enumerated().map { index, port in
      // Integers are classes or counts more often than not, which a rounding can change.
      guard port.type == .float32 else { return [] }
      return Array(interpreter.output(index).bindMemory(to: Float.self))
    }
  }
}
