import ModelFormat
import Train

extension SampledPruning {
  /// What was done to one layer, as a checkpoint keeps it.
  struct Step {
    /// How a layer has changed.
    enum Change {
      case none
      case fitted(PrunedLayer)
      /// By a rule that needs no samples: done again where a conversion goes on.
      case byMagnitude
    }

    var change = Change.none
    /// Samples that layers are fitted on.
    var samples: Int

    init(samples: Int) { self.samples = samples }

    func append(to writer: inout StateWriter) {
      writer.append(samples)
      switch change {
      case .none: writer.append(0)
      case .byMagnitude: writer.append(2)
      case .fitted(let layer):
        writer.append(1)
        writer.append(layer.tensor.floats())
        writer.append(layer.shifts)
      }
    }

    /// The step that was written of a layer with weights of `shape`.
    init(from reader: inout StateReader, _ shape: Shape) throws(StateError) {
      samples = try reader.integer(0...1 << 32)
      switch try reader.integer(0...2) {
      case 0: change = .none
      case 2: change = .byMagnitude
      default:
        let weights = try reader.floats(shape.count)
        let shifts = try reader.doubles()
        guard weights.allSatisfy(\.isFinite), shifts.count <= max(1, shape.count) else {
          throw .damaged
        }
        change = .fitted(PrunedLayer(tensor: Tensor(weights, shape: shape), shifts: shifts))
      }
    }
  }
}
