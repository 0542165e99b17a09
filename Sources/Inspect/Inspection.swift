public import Interpreter
public import Metadata
public import ModelFormat
import Ship

/// Everything that can be said about one model file.
///
/// Sizes are bytes; keys are stable.
public struct Inspection: Sendable, Encodable {
  /// The file itself.
  public struct File: Sendable, Encodable {
    /// The path.
    public let path: String
    /// `pare` or `onnx`.
    public let format: String
    /// The size on disk.
    public let bytes: Int
    /// The format's version; empty for ONNX.
    public let version: String
    /// SHA-256 of header and section table, in hexadecimal; empty for ONNX.
    public let digest: String
    /// The release; zero where nobody counts.
    public let release: UInt64
    /// The number of the key whose signature is in the file, which only `--verify-key` checks; nil without.
    public let signedBy: String?
  }

  /// Sums over the network.
  public struct Totals: Sendable, Encodable {
    /// Elements of float constants.
    public let parameters: Int
    /// Those that are not zero.
    public let nonzero: Int
    /// Multiply-accumulates of one run.
    public let macs: Int
    /// The same without those by zero weights.
    public let effectiveMacs: Int
    /// Bytes of all constants, scales included.
    public let weightBytes: Int
    /// Bytes of activations in one arena.
    public let arenaBytes: Int
    /// Bytes for shipping: every stream by itself stored, Huffman-coded or deflated, whichever is least.
    public let wireBytes: Int
  }

  /// A part of the file; all parts together are the file.
  public struct Section: Sendable, Encodable {
    /// What lies there.
    public let name: String
    /// The size.
    public let bytes: Int
  }

  /// What is in the file beyond the network.
  public struct Origin: Sendable, Encodable {
    /// The source file's name.
    public let source: String
    /// Its size.
    public let sourceBytes: Int
    /// Its SHA-256 digest.
    public let sourceSha256: String
    /// Tool and version.
    public let tool: String
    /// Passes with their options, one line each.
    public let passes: [String]
    /// Figures before and after, one line each.
    public let measurements: [String]
    /// The preprocessing that is kept in the file.
    public let preprocessing: String?
    /// How many class names are kept in the file.
    public let labels: Int
  }

  /// Where activations take the most memory.
  public struct Memory: Sendable, Encodable {
    /// Bytes of the arena.
    public let arenaBytes: Int
    /// The step during which the most is alive.
    public let peakStep: String
    /// Bytes that are alive then.
    public let peakBytes: Int
    /// Every step with the bytes alive during it.
    public let steps: [Step]

    /// One step.
    public struct Step: Sendable, Encodable {
      /// The node.
      public let name: String
      /// Bytes alive.
      public let bytes: Int
    }
  }

  /// Whether the file obeys every rule.
  public struct Check: Sendable, Encodable {
    /// Whether it does.
    public let valid: Bool
    /// The first rule that it breaks.
    public let rule: String?
    /// Where, in bytes from the start.
    public let offset: Int?
    /// What is wrong, in words.
    public let message: String?

    /// A file that obeys every rule.
    public static let passed = Check(valid: true, rule: nil, offset: nil, message: nil)

    /// A file that breaks a rule.
    public init(_ error: ModelError) {
      self.init(
        valid: false, rule: error.rule.rawValue, offset: error.offset,
        message: error.description)
    }

    /// A file that cannot be used for another reason.
    public init(message: String) {
      self.init(valid: false, rule: nil, offset: nil, message: message)
    }

    private init(valid: Bool, rule: String?, offset: Int?, message: String?) {
      self.valid = valid
      self.rule = rule
      self.offset = offset
      self.message = message
    }
  }

  /// The file itself.
  public let file: File
  /// Whether the file obeys every rule.
  public let check: Check
  /// Sums over the network.
  public let totals: Totals
  /// The parts of the file.
  public let sections: [Section]
  /// Every constant.
  public let tensors: [TensorReport]
  /// Every node.
  public let layers: [LayerReport]
  /// Where activations take the most memory.
  public let memory: Memory
  /// What is in the file beyond the network.
  public let origin: Origin?

  /// Inspects a network.
  ///
  /// - Parameters:
  ///   - graph: the network as it runs.
  ///   - file: the artifact's layout; nil for an ONNX file of `byteCount` bytes, of which
  ///     `constantBytes` are tensors.
  /// - Throws: `InterpreterError` where the network cannot be planned.
  public init(
    path: String, graph: Graph, metadata: Metadata, file: ModelFile?, byteCount: Int,
    constantBytes: Int
  ) throws(InterpreterError) {
    // Nothing runs: only memory is asked for.
    let interpreter = try Interpreter(graph, limits: RunLimits(work: .max))
    self.file = File(
      path: path, format: file == nil ? "onnx" : "pare", bytes: byteCount,
      version: file.map { "\($0.version.major).\($0.version.minor)" } ?? "",
      digest: file.map { $0.digest.hexadecimal } ?? "", release: file?.model.release ?? 0,
      signedBy: file?.model.signature.map { $0.keyID.keyNumber })
    check = .passed
    tensors = TensorReport.all(graph, file)
    layers = graph.nodes.map { LayerReport($0, graph) }
    let ledger = Ledger(file, byteCount: byteCount, constantBytes: constantBytes)
    sections = ledger.sections
    let counted = GraphTotals(graph)
    totals = Totals(
      parameters: counted.parameters, nonzero: counted.nonzero, macs: counted.macs,
      effectiveMacs: counted.effectiveMacs, weightBytes: counted.weightBytes,
      arenaBytes: interpreter.arenaBytes,
      // Names, records and metadata as they are: a little more than they will take.
      wireBytes: tensors.reduce(max(0, byteCount - counted.weightBytes)) { $0 + $1.wireBytes })
    memory = Self.memory(interpreter)
    origin = file == nil ? nil : Origin(metadata)
  }

  private static func memory(_ interpreter: Interpreter) -> Memory {
    let live = interpreter.liveBytes
    let peak = live.indices.max { live[$0] < live[$1] }
    return Memory(
      arenaBytes: interpreter.arenaBytes,
      peakStep: peak.map { interpreter.steps[$0].name } ?? "", peakBytes: live.max() ?? 0,
      steps: zip(interpreter.steps, live).map { .init(name: $0.name, bytes: $1) })
  }
}

extension Inspection.Origin {
  /// What `metadata` says, or nil where it says nothing about a source.
  init?(_ metadata: Metadata) {
    guard let provenance = metadata.provenance else { return nil }
    source = provenance.source.file
    sourceBytes = provenance.source.bytes
    sourceSha256 = provenance.source.sha256.hexadecimal
    tool = provenance.tool + " " + provenance.toolVersion
    passes = provenance.passes.map { pass in
      let options = pass.options.map { " \($0.key)=\($0.value)" }.joined()
      let samples = pass.calibrationSamples > 0 ? " (\(pass.calibrationSamples) samples)" : ""
      return pass.name + options + samples + (pass.effect.isEmpty ? "" : ": " + pass.effect)
    }
    measurements = provenance.measurements.map {
      "\($0.name): \($0.before) before, \($0.after) after, on \($0.samples) samples"
    }
    preprocessing = metadata.preprocessing?.name
    labels = metadata.labels.count
  }
}
