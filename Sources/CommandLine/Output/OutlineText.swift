import ModelFormat

/// The outline of a file, in words and as JSON.
struct OutlineReport: Encodable {
  struct Section: Encodable {
    let name: String
    let offset: Int
    let bytes: Int
  }

  struct Tensor: Encodable {
    let name: String
    let shape: [Int]
    let type: String
    let encoding: String
    let offset: Int
    let bytes: Int
    let nonzero: Int
    let digest: String
  }

  let path: String
  let bytes: Int
  let version: String
  let release: UInt64
  let digest: String
  let values: Int
  let nodes: Int
  let sections: [Section]
  let tensors: [Tensor]

  init(path: String, _ outline: ModelOutline) {
    self.path = path
    bytes = outline.byteCount
    version = "\(outline.version.major).\(outline.version.minor)"
    release = outline.release
    digest = outline.digest.hexadecimal
    values = outline.counts.values
    nodes = outline.counts.nodes
    sections = outline.regions.map { Section(name: $0.name, offset: $0.offset, bytes: $0.size) }
    tensors = outline.tensors.map { tensor in
      Tensor(
        name: tensor.place.name, shape: tensor.shape.dimensions, type: tensor.type.name,
        encoding: tensor.encoding.name, offset: tensor.place.offset, bytes: tensor.place.span,
        nonzero: tensor.nonzeroCount, digest: tensor.place.digest.hexadecimal)
    }
  }

  var text: String {
    let head = [
      "\(path): sound up to its data, which was not read; pare \(version), \(Text.count(bytes)) bytes",
      "  digest \(digest)",
      "  \(Text.count(values)) values, \(Text.count(nodes)) nodes, release \(release)",
      "\nsections",
      Text.table(
        sections.map { [$0.name, Text.count($0.offset), Text.count($0.bytes)] },
        header: ["name", "offset", "bytes"]),
      "\ntensors",
    ]
    let rows = tensors.map { tensor in
      [
        tensor.name, Shape(tensor.shape).description, tensor.type, tensor.encoding,
        Text.count(tensor.offset), Text.count(tensor.bytes), Text.count(tensor.nonzero),
      ]
    }
    let header = ["name", "shape", "type", "encoding", "offset", "bytes", "nonzero"]
    return (head + [Text.table(rows, header: header)]).joined(separator: "\n")
  }
}
