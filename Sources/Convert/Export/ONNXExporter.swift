import Metadata
import ModelFormat
import Operators

/// Writes networks as standard ONNX.
///
/// What computes in integers becomes a float operator between QuantizeLinear and DequantizeLinear, weights
/// stay the integers that they are, and what only Pare has becomes operators of ONNX again.
public enum ONNXExporter {
  /// Operator sets that can be written.
  public static let opsets = 13...24

  /// What was written.
  public struct Report: Sendable, Encodable {
    /// The file.
    public let path: String
    /// Its size.
    public let bytes: Int
    /// ONNX's operator set.
    public let opset: Int
    /// Nodes, QuantizeLinear and DequantizeLinear among them.
    public let nodes: Int
    /// Nodes of the network that compute in integers.
    public let integerNodes: Int
  }

  /// Writes `model` to `path`.
  ///
  /// `opset` nil takes the one of the source where that can be written, else 17. The file is replaced as
  /// a whole; the same model gives the same bytes.
  ///
  /// - Throws: `ExportError` where an operator has no form in the operator set (all of them are named),
  ///   the file would be larger than ONNX allows, or cannot be written.
  public static func export(
    _ model: LoadedModel, to path: String, opset: Int? = nil
  ) throws(ExportError) -> Report {
    guard !AtomicFile.isSameFile(model.path, path) else { throw .wouldReplaceSource(path) }
    let version = opset ?? (opsets.contains(model.opset) ? model.opset : 17)
    guard opsets.contains(version) else { throw .opset(version) }
    var problems = ExportProblems()
    let scope = try translate(model.graph, version, path: model.path, &problems)
    let writer = ONNXModelWriter(
      scope.draft, opset: version, domains: scope.domains, producerVersion: Converter.version,
      metadata: entries(model.metadata))
    guard writer.byteCount <= Int(Int32.max) else {
      throw .tooLarge(path: path, bytes: writer.byteCount)
    }
    do throws(FileError) {
      try AtomicFile.write(to: path) { (sink) throws(FileError) in
        try writer.write(to: sink)
        guard MappedFile.losses == model.losses else { throw .lost(path: model.path) }
      }
    } catch { throw .file(error) }
    let integerNodes = model.graph.nodes.count { node in
      node.op != "QuantizeLinear" && node.op != "DequantizeLinear"
        && node.inputs.contains { $0.map { scope.integerParameters($0) != nil } ?? false }
    }
    return Report(
      path: path, bytes: writer.byteCount, opset: version, nodes: scope.draft.nodes.count,
      integerNodes: integerNodes)
  }

  /// The graph in ONNX's operators.
  private static func translate(
    _ graph: Graph, _ opset: Int, path: String, _ problems: inout ExportProblems
  ) throws(ExportError) -> ExportScope {
    var scope = ExportScope(graph, opset: opset, names: NameSupply())
    scope.translate(&problems)
    guard problems.list.isEmpty else {
      throw .operators(path: path, opset: opset, problems.list)
    }
    scope.declare(inputs: graph.inputs, outputs: graph.outputs)
    return scope
  }

  /// Metadata of the file as keys and values: what the source had, then labels and preprocessing.
  private static func entries(_ metadata: Metadata) -> [(String, String)] {
    var entries = metadata.sourceEntries.filter { !$0.key.hasPrefix("pare.") }
      .map { ($0.key, $0.value) }
    if !metadata.labels.isEmpty {
      entries.append(("pare.labels", metadata.labels.joined(separator: "\n")))
    }
    if let steps = metadata.preprocessing {
      func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
      var text = "name=\(steps.name);color=\(steps.color.rawValue);layout=\(steps.layout.rawValue)"
      if let resize = steps.resize { text += ";resize=\(resize)" }
      if let crop = steps.crop { text += ";crop=\(crop)" }
      text += ";divisor=\(steps.divisor);mean=\(list(steps.mean));std=\(list(steps.deviation))"
      entries.append(("pare.preprocessing", text))
    }
    return entries
  }
}

/// Nodes that have no form, by operator and reason.
struct ExportProblems {
  private(set) var list: [ExportProblem] = []

  mutating func add(_ node: Node, _ refusal: ExportRefusal) {
    let (reason, opset): (String, Int?) =
      switch refusal {
      case .needs(let opset, let detail):
        ((detail.isEmpty ? "" : detail + " ") + "needs opset \(opset)", opset)
      case .unsupported(let reason): (reason, nil)
      }
    if let place = list.firstIndex(where: { $0.op == node.op && $0.reason == reason }) {
      list[place].nodes.append(node.name)
    } else {
      list.append(ExportProblem(op: node.op, reason: reason, nodes: [node.name], opset: opset))
    }
  }
}

extension ExportScope {
  /// Adds the nodes of ONNX for all nodes of the graph.
  mutating func translate(_ problems: inout ExportProblems) {
    for node in graph.nodes {
      do throws(ExportRefusal) { try translate(node, &problems) } catch {
        problems.add(node, error)
      }
    }
  }

  private mutating func translate(
    _ node: Node, _ problems: inout ExportProblems
  ) throws(ExportRefusal) {
    guard let row = ExportTable.row(node.op) else {
      throw .unsupported("has no form in ONNX")
    }
    guard opset >= row.since else { throw .needs(opset: row.since) }
    if quantizedResidual(node) { return }
    if !node.bodies.isEmpty { return try controlFlow(node, &problems) }
    var inputs: [String?] = []
    for (place, id) in node.inputs.enumerated() {
      guard let id else {
        inputs.append(nil)
        continue
      }
      // Rules of products take weights and bias as they are stored.
      if row.takesWeights, place == 1 || place == 2, graph[id].constant != nil {
        inputs.append(nil)
      } else {
        inputs.append(row.isRaw ? operand(id) : real(id))
      }
    }
    var outputs: [String] = []
    var results: [(real: String, Quantization, integers: String)] = []
    for id in node.outputs {
      guard let id else {
        outputs.append("")
        continue
      }
      if !row.isRaw, let parameters = integerParameters(id) {
        let real = names.value("\(name(id)).real")
        results.append((real, parameters, name(id)))
        outputs.append(real)
      } else {
        outputs.append(name(id))
      }
    }
    let domain = node.op.lastIndex(of: ".").map { String(node.op[..<$0]) } ?? ""
    if !domain.isEmpty { domains[domain] = 1 }
    let draft = ExportDraft(
      node: node, inputs: inputs, outputs: outputs, attributes: try attributes(of: node),
      op: domain.isEmpty ? node.op : String(node.op.dropFirst(domain.count + 1)), domain: domain)
    try row.rule.apply(draft, &self)
    for result in results { quantize(result.real, result.1, to: result.integers) }
  }

  /// The attributes of a node without those that came after the operator set, where they say what holds
  /// without them.
  private func attributes(of node: Node) throws(ExportRefusal) -> [String: Attribute] {
    var attributes = node.attributes
    for later in ExportTable.laterAttributes where later.op == node.op && opset < later.since {
      guard let value = attributes[later.name] else { continue }
      var isPlain = value == later.plain
      if case .ints(let values) = value { isPlain = values.allSatisfy { .int($0) == later.plain } }
      // Zeros in a shape are what `allowzero` is about.
      if node.op == "Reshape", node.inputs.count > 1,
        let extents = graph.integers(node.inputs[1]), !extents.contains(0)
      {
        isPlain = true
      }
      guard isPlain else { throw .needs(opset: later.since, "with \(later.name)") }
      attributes[later.name] = nil
    }
    return attributes
  }
}
