import ModelFormat

extension GraphPass {
  /// Channels that move into pixels, or pixels into channels, written as a transposition.
  ///
  ///     Reshape(N, C, b, b, H, W) -> Transpose(0 1 4 2 5 3) -> Reshape      becomes      DepthToSpace(b, CRD)
  ///     Reshape(N, b, b, C, H, W) -> Transpose(0 3 4 1 5 2) -> Reshape      becomes      DepthToSpace(b, DCR)
  ///     Reshape(N, C, H, b, W, b) -> Transpose(0 3 5 1 2 4) -> Reshape      becomes      SpaceToDepth(b)
  static let recognizeDepthToSpace = GraphPass(
    name: "recognize-depth-to-space",
    summary: "pixel shuffles that are spelled out become DepthToSpace and SpaceToDepth",
    rules: [
      Rule(
        .node(
          "Reshape",
          [
            .named(
              "order",
              .node(
                "Transpose",
                [.named("split", .node("Reshape", [.value("x"), .value("extents")]))])),
            .value("shape"),
          ])
      ) { match, editor in
        let x = match["x"]
        guard let transposed = match.nodes["order"], let reshape = match.nodes["split"],
          case .ints(let order)? = editor[transposed].attributes["perm"],
          let split = editor[reshape].outputs[0].flatMap({ editor.graph[$0].shape?.dimensions }),
          let shape = editor.graph[x].shape?.dimensions, shape.count == 4, split.count == 6,
          let result = match.output.flatMap({ editor.graph[$0].shape?.dimensions }),
          !shape.contains(0), shape[0] == split[0]
        else { return nil }
        let (n, h, w) = (shape[0], shape[2], shape[3])
        func block(_ b: Int) -> [String: Attribute] { ["blocksize": .int(Int64(b))] }
        switch order {
        case [0, 1, 4, 2, 5, 3]:
          let (c, b) = (split[1], split[2])
          guard split == [n, c, b, b, h, w], result == [n, c, h * b, w * b] else { return nil }
          return Replacement(
            op: "DepthToSpace", inputs: [x],
            attributes: block(b).merging(["mode": .string("CRD")]) { $1 })
        case [0, 3, 4, 1, 5, 2]:
          let (c, b) = (split[3], split[1])
          guard split == [n, b, b, c, h, w], result == [n, c, h * b, w * b] else { return nil }
          return Replacement(
            op: "DepthToSpace", inputs: [x],
            attributes: block(b).merging(["mode": .string("DCR")]) { $1 })
        case [0, 3, 5, 1, 2, 4]:
          let (c, b) = (split[1], split[3])
          guard b > 0, split == [n, c, h / b, b, w / b, b], h % b == 0, w % b == 0,
            result == [n, b * b * c, h / b, w / b]
          else { return nil }
          return Replacement(op: "SpaceToDepth", inputs: [x], attributes: block(b))
        default: return nil
        }
      }
    ])
}
