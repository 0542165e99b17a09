import ModelFormat
import Operators

/// Which values can be written straight into the result of the one node that joins them with others, such
/// as Concat, so that nothing is copied there.
struct JoinPlan {
  /// Where a value ends up: a column of the first output of step `step`.
  struct Place {
    let step: Int
    /// The position among the inputs of the step.
    let position: Int
    /// Bytes from the start of the result, of a row of the value, and from row to row.
    let offset: Int, width: Int, pitch: Int
  }

  private var places: [Int: Place] = [:]
  /// For each step that joins, the inputs that are written in place.
  private var written: [Int: Set<Int>] = [:]

  init() {}

  /// The places in `layout` of `graph`: of values that are read once, by the node that joins them, and are
  /// no output of the graph.
  init(_ layout: LayoutPlan, _ graph: Graph) {
    let steps = layout.steps.indices.filter { layout.steps[$0].outputs.count == 1 }
    let joinings = steps.compactMap { index in
      layout.steps[index].op.joining(layout.steps[index].facts).map { (index, $0) }
    }
    if joinings.isEmpty { return }
    var reads = [Int](repeating: 0, count: layout.values.count)
    for step in layout.steps {
      for case let value? in step.inputs { reads[value] += 1 }
    }
    for id in graph.outputs {
      if let value = layout.rowMajor(id) { reads[value] += 1 }
    }
    for (index, joining) in joinings {
      let step = layout.steps[index]
      for (position, offset) in joining.offsets.enumerated() where position < step.inputs.count {
        guard let offset, let value = step.inputs[position], reads[value] == 1 else { continue }
        places[value] = Place(
          step: index, position: position, offset: offset, width: joining.widths[position],
          pitch: joining.pitch)
      }
    }
  }

  /// Where `value` ends up, or nil where it has a buffer of its own.
  func place(of value: Int) -> Place? { places[value] }

  /// Notes that `value` is written where it ends up.
  mutating func write(_ value: Int) {
    if let place = places[value] { written[place.step, default: []].insert(place.position) }
  }

  /// The inputs of step `index` that lie in its output already.
  func written(of index: Int) -> Set<Int> { written[index] ?? [] }
}
