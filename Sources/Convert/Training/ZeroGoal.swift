import Kernels
import ModelFormat
import Train

/// Weights that are to become zero while a network trains: how many of which layers, and which go together.
struct ZeroGoal {
  /// One layer, by its weights.
  struct Layer {
    let weights: ValueID
    let groups: PruneGroups
  }

  let layers: [Layer]
  /// Zeros of all the layers together in the end.
  let zeros: Int

  /// The goals that options and the rules of `plan` set for `graph`, in the order in which they are met.
  static func all(
    _ graph: Graph, _ nodes: [WeightedNode], _ options: ConversionOptions, _ plan: CompressionPlan
  ) -> (goals: [ZeroGoal], skipped: [String]) {
    var goals: [ZeroGoal] = []
    var skipped: [String] = []
    for specification in options.pruning {
      let own = nodes.filter { plan[$0.name].pruning == nil }
      let choice = PrunableLayers(graph, own, specification)
      skipped += choice.skipped
      if options.pruningScope == .layer {
        for node in choice.prunable {
          goals += [ZeroGoal(graph, [node], specification, of: nil)].compactMap { $0 }
        }
      } else {
        goals += [ZeroGoal(graph, choice.prunable, specification, of: choice.weights)]
          .compactMap { $0 }
      }
    }
    for node in nodes {
      guard let specification = plan[node.name].pruning else { continue }
      goals += [ZeroGoal(graph, [node], specification, of: nil)].compactMap { $0 }
    }
    return (goals, skipped)
  }

  /// A goal for `nodes`: a part of `weights`, or of their own where that is nil; nil where nothing is to go.
  private init?(
    _ graph: Graph, _ nodes: [WeightedNode], _ specification: ConversionOptions.Pruning,
    of weights: Int?
  ) {
    var seen: Set<ValueID> = []
    layers = nodes.compactMap { node in
      guard seen.insert(node.weights).inserted, let shape = graph[node.weights].constant?.shape,
        let groups = PruneGroups(specification.form(shape), shape)
      else { return nil }
      return Layer(weights: node.weights, groups: groups)
    }
    let own = layers.reduce(0) { $0 + $1.groups.count }
    switch specification {
    case .unstructured(let fraction), .block(let fraction):
      zeros = min(own, Int((Double(weights ?? own) * fraction).rounded()))
    case .pattern(let keep, let of): zeros = own / of * (of - keep)
    }
    if zeros == 0 { return nil }
  }
}

extension ConversionOptions.Pruning {
  /// Which weights of a tensor of `shape` go together.
  fileprivate func form(_ shape: Shape) -> PruneGroups.Form {
    switch self {
    case .unstructured: .single
    case .pattern(let keep, let of): .pattern(zeros: of - keep, of: of)
    case .block:
      // Balanced as integer kernels want them (`WeightGroups`).
      shape[1] / 4 >= BlockSegments.fewestQuads ? .balancedBlock : .block(4)
    }
  }
}
