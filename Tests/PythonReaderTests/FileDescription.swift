import Metadata
import ModelFormat

/// What a file holds, in the lines that `python/tests/describe.py` prints.
///
/// Strings are in hexadecimal, floats by their bits, tensors by the digests of their elements.
struct FileDescription {
  private(set) var lines: [Substring] = []

  init(_ file: ModelFile) throws {
    let model = file.model
    add(
      "digest \(hex(file.digest)) release \(model.release) version "
        + "\(file.version.major).\(file.version.minor)")
    for place in file.tensorPlaces {
      add(
        "tensor \(text(place.name)) at \(place.offset) bytes \(place.positions) \(place.values) "
          + "\(place.scales) digest \(hex(place.digest))")
    }
    if let signature = model.signature {
      add("signature \(hex(signature.keyID + signature.bytes))")
    }
    for section in model.ancillary { add("ancillary \(section.kind) \(sha(section.bytes.array))") }
    for value in model.graph.values {
      let shape = value.shape.map { list($0.dimensions.map { "\($0)" }) } ?? "open"
      let quantized = value.quantization.map { " \(bits($0.scales[0])) \($0.zeroPoints[0])" } ?? ""
      add("value \(text(value.name)) \(value.type.name) \(shape)\(quantized)")
      if let tensor = value.constant { add(constant(tensor)) }
    }
    add(model.graph)
    add(try Metadata(encoded: model.metadata))
  }

  private mutating func add(_ line: String) { lines.append(line[...]) }

  private func constant(_ tensor: Tensor) -> String {
    var line = "  \(tensor.type.name) \(tensor.encoding.name) nonzero \(tensor.nonzeroCount)"
    if let quantization = tensor.quantization {
      line +=
        " axis \(quantization.axis.map { "\($0)" } ?? "-")"
        + " scales \(sha(Bytes(elements: quantization.scales).array))"
        + " zeros \(sha(Bytes(elements: quantization.zeroPoints).array))"
    }
    return line + " stored \(sha(tensor.dense.array)) "
      + "real \(sha(Bytes(elements: tensor.floats()).array))"
  }

  private mutating func add(_ graph: Graph) {
    add(
      "graph \(text(graph.name)) inputs \(list(graph.inputs.map { "\($0.index)" })) "
        + "outputs \(list(graph.outputs.map { "\($0.index)" }))")
    for node in graph.nodes {
      let ends = [node.inputs, node.outputs].map { ids in
        list(ids.map { id in id.map { "\($0.index)" } ?? "-" })
      }
      add("node \(text(node.op)) \(text(node.name)) inputs \(ends[0]) outputs \(ends[1])")
      for (name, attribute) in node.attributes.sorted(by: {
        $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
      }) {
        add("  \(text(name)) \(words(attribute))")
      }
      for body in node.bodies {
        add("body \(list(body.values.map { text($0.name) }))")
        add(body)
        add("end")
      }
    }
  }

  private func words(_ attribute: Attribute) -> String {
    switch attribute {
    case .int(let number): "int \(number)"
    case .float(let number): "float \(bits(number))"
    case .string(let string): "string \(text(string))"
    case .ints(let numbers): "ints \(list(numbers.map { "\($0)" }))"
    case .floats(let numbers): "floats \(list(numbers.map { bits($0) }))"
    case .strings(let strings): "strings \(list(strings.map { text($0) }))"
    }
  }

  private mutating func add(_ metadata: Metadata) {
    func entries(_ entries: [Entry]) -> String {
      list(entries.map { "\(text($0.key))=\(text($0.value))" })
    }
    if let p = metadata.preprocessing {
      add(
        "preprocessing \(text(p.name)) \(p.resize ?? 0) \(p.crop ?? 0) \(bits(p.divisor)) "
          + "\(list(p.mean.map { bits($0) })) \(list(p.deviation.map { bits($0) })) "
          + "\(p.color.rawValue) \(p.layout.rawValue)")
    }
    add("labels \(list(metadata.labels.map { text($0) }))")
    if let provenance = metadata.provenance {
      let source = provenance.source
      add(
        "provenance \(text(provenance.tool)) \(text(provenance.toolVersion)) "
          + "\(provenance.sourceParameters) \(provenance.sourceMultiplyAccumulates)")
      add(
        "source \(text(source.file)) \(source.bytes) \(hex(source.sha256)) "
          + "\(text(source.producer)) \(source.opset) \(source.irVersion)")
      for pass in provenance.passes {
        add(
          "pass \(text(pass.name)) \(entries(pass.options)) \(pass.calibrationSamples) "
            + "\(bits(pass.seconds)) \(pass.peakBytes) \(text(pass.effect))")
      }
      for figure in provenance.measurements {
        add(
          "measurement \(text(figure.name)) \(bits(figure.before)) \(bits(figure.after)) "
            + "\(figure.samples)")
      }
    }
    add("entries \(entries(metadata.sourceEntries))")
    guard let golden = metadata.golden else { return }
    add("golden \(golden.seed)")
    for probe in golden.probes {
      add(
        "probe \(probe.elements) \(list(probe.values.map { bits($0) })) \(bits(probe.tolerance))")
    }
  }
}

private func hex(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}

private func sha(_ bytes: [UInt8]) -> String { hex(SHA256.digest(bytes)) }

private func text(_ string: String) -> String { string.isEmpty ? "''" : hex(string.utf8) }

private func list(_ items: [String]) -> String {
  items.isEmpty ? "none" : items.joined(separator: ",")
}

private func bits(_ number: Float) -> String {
  hex(withUnsafeBytes(of: number.bitPattern.bigEndian) { [UInt8]($0) })
}

private func bits(_ number: Double) -> String {
  hex(withUnsafeBytes(of: number.bitPattern.bigEndian) { [UInt8]($0) })
}
