import ModelFormat

extension GraphPass {
  /// Normalization of groups of channels, which exporters write with the groups as channels.
  ///
  ///     Reshape(0, G, -1) -> InstanceNormalization(1, 0) -> Reshape(N, C, …)      becomes
  ///     GroupNormalization(1, 0, num_groups G)
  ///
  /// Scale and bias, which follow as Mul and Add, join in `foldAffine`.
  static let recognizeGroupNormalization = GraphPass(
    name: "recognize-group-normalization",
    summary: "InstanceNormalization between Reshapes is GroupNormalization",
    rules: [
      Rule(
        .node(
          "Reshape",
          [
            .named(
              "norm",
              .node(
                "InstanceNormalization",
                [
                  .named("groups", .node("Reshape", [.value("x"), .value("grouped")])),
                  .constant("scale"), .constant("bias"),
                ])),
            .value("shape"),
          ])
      ) { match, editor in
        let x = match["x"]
        guard let norm = match.nodes["norm"], let reshape = match.nodes["groups"],
          let grouped = editor[reshape].outputs[0].flatMap({ editor.graph[$0].shape }),
          let shape = editor.graph[x].shape, shape.rank >= 2, grouped.rank >= 2,
          match.output.map({ editor.graph[$0].shape == shape }) == true,
          editor.graph[x].type == .float32, grouped[0] == shape[0], grouped[1] > 0,
          shape[1] > 0, shape[1] % grouped[1] == 0,
          let scale = editor.graph.floats(match["scale"]),
          let bias = editor.graph.floats(match["bias"]),
          scale.count == grouped[1], bias.count == grouped[1], editor.affords(shape[1])
        else { return nil }
        let channels = shape[1] / grouped[1]
        func spread(_ numbers: [Float]) -> Tensor {
          Tensor((0..<shape[1]).map { numbers[$0 / channels] }, shape: [shape[1]])
        }
        let name = editor[norm].name
        return Replacement(
          op: "GroupNormalization",
          inputs: [
            x, editor.addConstant(name + ".scale", spread(scale)),
            editor.addConstant(name + ".bias", spread(bias)),
          ],
          attributes: [
            "num_groups": .int(Int64(grouped[1])),
            "epsilon": .float(editor[norm].attributes.number("epsilon", default: 1e-5)),
          ])
      }
    ])
}
