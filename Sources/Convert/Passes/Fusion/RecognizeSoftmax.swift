import ModelFormat

extension GraphPass {
  /// Softmax over the last dimension, which the importer flattens where the source is below opset 13.
  ///
  ///     Flatten(axis r - 1) -> Softmax -> Reshape      becomes      Softmax(axis r - 1)
  ///
  /// LogSoftmax likewise.
  static let recognizeSoftmax = GraphPass(
    name: "recognize-softmax", summary: "Softmax between reshapes works on the shape as it is",
    rules: ["Softmax", "LogSoftmax"].map { op in
      Rule(
        .node(
          "Reshape",
          [.named("rows", .node(op, [.named("flat", flat)])), .value("shape")])
      ) { match, editor in
        let x = match["x"]
        guard let flat = match.nodes["flat"], let rows = match.nodes["rows"],
          let shape = editor.graph[x].shape, shape.rank > 0,
          match.output.map({ editor.graph[$0].shape == shape }) == true,
          let matrix = editor[flat].outputs[0].flatMap({ editor.graph[$0].shape }),
          matrix.rank == 2, matrix[1] == shape[shape.rank - 1],
          matrix.normalized(axis: editor[rows].attributes.integer("axis", default: -1)) == 1
        else { return nil }
        return Replacement(
          op: op, inputs: [x], attributes: ["axis": .int(Int64(shape.rank - 1))])
      }
    })

  private static let flat = Pattern.either([
    .node("Flatten", [.value("x")]), .node("Reshape", [.value("x"), .value("rows")]),
  ])
}
