public import ModelFormat

/// Graphs built in code, with something of everything that a file can hold.
public enum SampleGraphs {
  /// A small quantized and pruned network: sparse, float16, per-axis and per-tensor constants.
  public static func mixed() -> Graph {
    var random = SeededGenerator(seed: 7)
    var graph = Graph(name: "mixed")
    let x = graph.add(Value(name: "x", type: .float32, shape: [1, 3, 4, 4]))
    graph.inputs = [x]
    var weights = random.normal(8 * 27)
    for i in weights.indices where i % 3 != 0 { weights[i] = 0 }
    let sparse = Tensor(weights, shape: [8, 3, 3, 3]).encoded()
    let w = graph.add(
      Value(name: "conv.weight", type: .float32, shape: sparse.shape, constant: sparse))
    let half = Tensor(
      type: .float16, shape: [8], bytes: Bytes(elements: random.normal(8).map(\.halfBits)))
    let b = graph.add(Value(name: "conv.bias", type: .float32, shape: [8], constant: half))
    let y = graph.add(
      Value(
        name: "y", type: .uint8, shape: [1, 8, 4, 4],
        quantization: Quantization(scale: 0.05, zeroPoint: 3)))
    let int8 = Tensor(
      type: .int8, shape: [2, 8], bytes: Bytes(elements: (0..<16).map { Int8($0 - 8) }),
      quantization: Quantization(scales: [0.1, 0.2], axis: 0))
    let v = graph.add(Value(name: "fc.weight", type: .float32, shape: [2, 8], constant: int8))
    let z = graph.add(Value(name: "z", type: .float32, shape: [1, 2]))
    graph.nodes = [
      Node(
        name: "conv", op: "Conv", inputs: [x, w, b], outputs: [y],
        attributes: [
          "pads": .ints([1, 1, 1, 1]), "activation": .string("Relu"), "group": .int(1),
        ]),
      Node(
        name: "fc", op: "Example", inputs: [y, nil, v], outputs: [z],
        attributes: [
          "alpha": .float(0.5), "list": .floats([1, 2.5]), "names": .strings(["a", "b"]),
        ]),
    ]
    graph.outputs = [z]
    return graph
  }
}
