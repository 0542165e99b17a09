import ModelFormat

/// What compression does to each layer of a network: every mode, every rule and every search ends in one.
struct CompressionPlan: Sendable {
  /// What happens to layers that nothing else is said of.
  var base: LayerTreatment
  /// What happens to single layers, by the names of their nodes.
  var layers: [String: LayerTreatment] = [:]
  /// Why single layers differ from the others, by the names of their nodes.
  var reasons: [String: String] = [:]

  init(base: LayerTreatment = .none) { self.base = base }

  /// The treatment of the node called `name`.
  subscript(name: String) -> LayerTreatment {
    get { layers[name] ?? base }
    set { layers[name] = newValue }
  }

  /// Every treatment that some layer may get.
  var treatments: Set<LayerTreatment> { Set(layers.values).union([base]) }

  /// A filter that lets those nodes through whose treatment satisfies `isWanted`.
  func filter(_ isWanted: @escaping @Sendable (LayerTreatment) -> Bool) -> NodeFilter {
    let plan = self
    return NodeFilter { name in !isWanted(plan[name]) }
  }
}
