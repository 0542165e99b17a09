import Interpreter
import ModelFormat
import Operators

/// Runs two networks with the same nodes side by side, from layer to layer, on a few samples.
///
/// What is alive between two layers is kept for each sample, so that each node runs about once. Where that
/// is too much memory (early layers have large outputs), the next layers begin again where it was not.
struct LayerWalk {
  /// The nodes before this one have run; what they left is in the states.
  private var cut = 0
  /// What is alive at the cut, for each sample, by the number of the value.
  private var dense: [[Int: Bytes]] = []
  /// The same in the network that is compressed; empty while the two are equal.
  private var compressed: [[Int: Bytes]] = []
  /// Bytes of what is alive that are kept.
  let limit: Int
  private let threads: Int
  private let path: String

  /// Samples that were taken in.
  var sampleCount: Int { dense.count }

  /// Takes in samples for the inputs of `graph`; `limit` bytes may be kept.
  init(
    _ graph: Graph, _ samples: inout SampleSet, most: Int, limit: Int,
    options: ConversionOptions
  ) throws(ConvertError) {
    self.limit = limit
    threads = options.threads
    path = options.input
    // A network that does nothing loads them.
    var loader = graph
    loader.nodes = []
    loader.outputs = []
    let interpreter = try Self.interpreter(loader, threads, path)
    let bytes = interpreter.inputs.reduce(1) { $0 + $1.byteCount }
    var states: [[Int: Bytes]] = []
    _ = try samples.forEach(limit: max(1, min(most, limit / bytes)), into: interpreter) {
      _ throws(ConvertError) in
      var state: [Int: Bytes] = [:]
      for (index, id) in graph.inputs.enumerated() {
        state[id.index] = Bytes([UInt8](UnsafeRawBufferPointer(interpreter.input(index))))
      }
      states.append(state)
    }
    dense = states
  }

  /// Takes in samples that are loaded, the bytes of all inputs of `graph` for each.
  init(_ graph: Graph, inputs: [[Bytes]], limit: Int, options: ConversionOptions) {
    self.limit = limit
    threads = options.threads
    path = options.input
    dense = inputs.map { Dictionary(uniqueKeysWithValues: zip(graph.inputs.map(\.index), $0)) }
  }

  private static func interpreter(
    _ graph: Graph, _ threads: Int, _ path: String
  ) throws(ConvertError) -> Interpreter {
    do throws(InterpreterError) { return try Interpreter(graph, threads: threads) } catch {
      throw .plan(path: path, error)
    }
  }

  /// Calls `body` for each sample with its number and with what the dense network and the compressed one have
  /// in the values `ids`, which are there before node `position`; nil for the latter while nothing has changed.
  ///
  /// - Parameter body: nil only takes the walk to where a call with one would, cut at the same places, so that what
  ///   follows gets the same bits whatever they depend on.
  mutating func visit(
    _ ids: [ValueID], at position: Int, dense denseGraph: Graph, compressed graph: Graph,
    isChanged: Bool, _ body: ((_ sample: Int, _ dense: [Bytes], _ compressed: [Bytes]?) -> Void)?
  ) throws(ConvertError) {
    let live = Self.live(graph, before: position)
    let bytes = live.reduce(1) { sum, id in
      sum + (graph[id].shape?.count ?? 0) * graph[id].type.size
    }
    let keeps = bytes * (isChanged ? 2 : 1) <= limit / max(1, sampleCount)
    if body == nil, !keeps { return }
    let wanted = keeps ? live : ids
    var run = try segment(denseGraph, to: position, wanted)
    var changedRun = isChanged ? try segment(graph, to: position, wanted) : nil
    if isChanged, compressed.isEmpty { compressed = dense }
    for sample in dense.indices {
      let state = try run.advance(dense[sample])
      let changed = try changedRun?.advance(compressed[sample])
      body?(
        sample, ids.compactMap { state[$0.index] },
        changed.map { changed in ids.compactMap { changed[$0.index] } })
      guard keeps else { continue }
      dense[sample] = state
      if let changed { compressed[sample] = changed }
    }
    if keeps { cut = position }
  }

  /// What nodes from `position` on read of what was there before.
  static func live(_ graph: Graph, before position: Int) -> [ValueID] {
    var isMade = [Bool](repeating: false, count: graph.values.count)
    for id in graph.inputs { isMade[id.index] = true }
    for node in graph.nodes[..<position] {
      for case let id? in node.outputs { isMade[id.index] = true }
    }
    var isRead = [Bool](repeating: false, count: graph.values.count)
    for node in graph.nodes[position...] {
      for case let id? in node.inputs where isMade[id.index] { isRead[id.index] = true }
    }
    return isRead.indices.filter { isRead[$0] }.map { ValueID($0) }
  }

  /// The most samples up to `most` with which a walk past the nodes at `positions`, of both networks, takes no more
  /// than `budget` multiply-accumulates; no fewer than `least`.
  ///
  /// Fewer samples cost less by more than their number: more of their states can be kept, and fewer nodes run
  /// again.
  static func samples(
    _ graph: Graph, _ positions: [Int], most: Int, least: Int, limit: Int, budget: Double
  ) -> Int {
    var before = [0.0]
    for node in graph.nodes {
      before.append(before[before.count - 1] + Double(max(0, graph.multiplyAccumulates(of: node))))
    }
    let bytes = positions.map { position in
      live(graph, before: position).reduce(1) { sum, id in
        sum + (graph[id].shape?.count ?? 0) * graph[id].type.size
      }
    }
    var count = most
    while count > least {
      var (cut, cost) = (0, 0.0)
      for (position, bytes) in zip(positions, bytes) {
        cost += before[position] - before[cut]
        if 2 * bytes <= limit / count { cut = position }
      }
      if 2 * cost * Double(count) <= budget { break }
      count = max(least, count * 4 / 5)
    }
    return count
  }

  /// The nodes between the cut and a layer, ready to run.
  private func segment(
    _ graph: Graph, to position: Int, _ wanted: [ValueID]
  ) throws(ConvertError) -> Segment {
    let known = Set(dense.first.map { Array($0.keys) } ?? [])
    var part = graph
    part.outputs = wanted.filter { !known.contains($0.index) }
    // Values keep their numbers, by which states hold them.
    var needed = Set(part.outputs.map(\.index))
    part.nodes = []
    for node in graph.nodes[cut..<position].reversed()
    where node.outputs.contains(where: { $0.map { needed.contains($0.index) } ?? false }) {
      part.nodes.append(node)
      for case let id? in node.inputs { needed.insert(id.index) }
    }
    part.nodes.reverse()
    part.inputs = known.intersection(needed).sorted().map { ValueID($0) }
    let interpreter =
      part.outputs.isEmpty ? nil : try Self.interpreter(part, threads, path)
    return Segment(
      interpreter: interpreter, inputs: part.inputs, outputs: part.outputs,
      kept: wanted.filter { known.contains($0.index) })
  }

  /// A part of a network.
  private struct Segment {
    let interpreter: Interpreter?
    let inputs: [ValueID], outputs: [ValueID]
    /// What is alive before and behind it.
    let kept: [ValueID]

    /// What is alive behind it, given what is before.
    mutating func advance(_ state: [Int: Bytes]) throws(ConvertError) -> [Int: Bytes] {
      var next: [Int: Bytes] = [:]
      for id in kept { next[id.index] = state[id.index] }
      guard let interpreter else { return next }
      for (index, id) in inputs.enumerated() {
        state[id.index]?.withUnsafeBytes { interpreter.input(index).copyMemory(from: $0) }
      }
      try interpreter.compute()
      for (index, id) in outputs.enumerated() {
        next[id.index] = Bytes([UInt8](interpreter.output(index)))
      }
      return next
    }
  }
}
