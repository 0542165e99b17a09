import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Train

/// Compares gradients with central differences of the forward pass, along random directions.
struct GradientCheck {
  var graph: Graph
  var batch = 2
  var parameters: [ValueID]
  /// Whether the gradients of the inputs are checked too.
  var checksInputs = true
  var mode = TrainingMode.train
  var threads = 1
  /// The step along a direction of length 1 for each element on average.
  var step: Float = 1e-2
  /// The difference that is allowed, as part of the derivative along the direction.
  var tolerance = 1e-2
  /// What inputs are made of: numbers of this size around `middle`.
  var size: Float = 1
  var middle: Float = 0
  var seed: UInt64 = 7

  /// Fails where a gradient differs.
  func run(_ location: SourceLocation = #_sourceLocation) throws {
    var inferred = graph
    try inferred.inferShapes()
    let inputs = inferred.inputs.filter { inferred[$0].type == .float32 }
    let network = try TrainingNetwork(
      inferred, batch: batch, parameters: parameters, threads: threads, keeps: inputs,
      reads: checksInputs ? inputs : [])
    var random = SeededGenerator(seed: seed)
    for id in inputs {
      let activation = try network.activation(id)
      for (i, value) in random.uniform(activation.count).enumerated() {
        activation[i] = value * size + middle
      }
    }
    let outputs = try inferred.outputs.map { id in
      (id, random.uniform(try network.activation(id).count))
    }
    func loss() throws -> Double {
      network.forward(mode)
      var sum = 0.0
      for (id, weights) in outputs {
        for (value, weight) in zip(try network.activation(id), weights) {
          sum += Double(value) * Double(weight)
        }
      }
      return sum
    }
    network.clearGradients()
    _ = try loss()
    for (id, weights) in outputs {
      let gradient = try #require(try network.gradient(of: id), sourceLocation: location)
      for (i, weight) in weights.enumerated() { gradient[i] += weight }
    }
    network.backward()
    var places: [(String, UnsafeMutableBufferPointer<Float>, [Float])] = []
    for id in parameters {
      let range = try #require(network.range(of: id))
      places.append(
        (
          inferred[id].name, UnsafeMutableBufferPointer(rebasing: network.values[range]),
          [Float](network.gradients[range])
        ))
    }
    if checksInputs {
      for id in inputs {
        let gradient = try #require(try network.gradient(of: id), sourceLocation: location)
        places.append((inferred[id].name, try network.activation(id), [Float](gradient)))
      }
    }
    for (name, memory, gradient) in places {
      let length = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(length > 0, "\(name): the gradient is zero", sourceLocation: location)
      for round in 0..<3 {
        // The first direction is the gradient's own: nothing can hide from it.
        let direction =
          round == 0
          ? gradient.map { $0 / Float(length) * Float(gradient.count).squareRoot() }
          : random.uniform(gradient.count)
        let kept = [Float](memory)
        func at(_ factor: Float) throws -> Double {
          for i in kept.indices { memory[i] = kept[i] + factor * direction[i] }
          defer { for i in kept.indices { memory[i] = kept[i] } }
          return try loss()
        }
        let difference = (try at(step) - at(-step)) / Double(2 * step)
        let expected = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        let scale = max(abs(expected), length * 0.3)
        #expect(
          abs(difference - expected) <= tolerance * scale,
          "\(name), direction \(round): \(expected), by differences \(difference)",
          sourceLocation: location)
      }
    }
  }
}
