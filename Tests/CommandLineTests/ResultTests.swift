import Foundation
import TestSupport
import Testing

/// What commands do and print when all is well.
@Suite struct ResultTests {
  /// Requires each key, `a.b` for one within an object and `a[].b` within the first of a list.
  func expectKeys(_ keys: [String], in object: [String: Any], _ name: String) throws {
    for key in keys {
      var value: Any = object
      for part in key.split(separator: ".") {
        let isList = part.hasSuffix("[]")
        let object = try #require(value as? [String: Any], "\(name): \(key)")
        value = try #require(object[String(part.dropLast(isList ? 2 : 0))], "\(name): \(key)")
        if isList { value = try #require((value as? [Any])?.first, "\(name): \(key) is empty") }
      }
    }
  }

  static let totals = ["parameters", "nonzero", "macs", "effective_macs", "weight_bytes"]
  static let compressed = [
    "--prune", "0.5", "--quantize", "int8", "--calibration",
    "\(Command.samples)/digits/calibration",
    "--preprocess", "unit",
  ]
  static let test = "\(Command.samples)/digits/test"

  @Test func conversionsPrintOneObject() throws {
    try withTemporaryFolder { folder in
      let command = try Command(
        ["convert", Command.resnet, "-o", "out.pare", "--json", "--data", Self.test]
          + Self.compressed, in: folder)
      #expect(command.code == 0 && command.errors.isEmpty, "\(command.errors)")
      let object = try command.json()
      try expectKeys(
        [
          "input.bytes", "output.bytes", "output.path", "seconds", "cpu_seconds",
          "peak_rss_bytes", "passes[].cpu_seconds", "passes[].peak_growth_bytes",
          "passes[].name", "passes[].seconds", "passes[].peak_rss_bytes",
          "passes[].calibration_samples", "verification.samples", "verification.max_abs",
          "verification.cosine", "verification.top1_agreement", "accuracy.before",
          "accuracy.after", "accuracy.samples",
        ] + Self.totals.map { "totals." + $0 }, in: object, "convert")
      let output = try #require(object["output"] as? [String: Any])
      let size = try Data(contentsOf: URL(filePath: "\(folder)/out.pare")).count
      #expect(output["bytes"] as? Int == size && output["path"] as? String == "out.pare")
      let input = try #require(object["input"] as? [String: Any])
      #expect(input["bytes"] as? Int == 321_697)
      #expect(try files(in: folder) == ["out.pare"])
    }
  }

  @Test func otherVerbsPrintOneObject() throws {
    let model = "\(Command.samples)/digits_mobile.onnx"
    let verbs: [([String], [String])] = [
      (
        ["inspect", model],
        [
          "file.bytes", "tensors[].name", "tensors[].shape", "tensors[].type",
          "tensors[].encoding", "tensors[].bytes", "tensors[].nonzero",
          "tensors[].bits_per_weight", "tensors[].entropy_bytes", "layers[].name", "layers[].op",
          "layers[].output_shape", "layers[].macs", "layers[].parameters", "layers[].bytes",
          "totals.arena_bytes",
        ] + Self.totals.map { "totals." + $0 }
      ),
      (
        ["bench", model, "--runs", "3", "--warmup", "1", "--profile"],
        [
          "model", "threads", "runs", "load_ms", "first_ms", "latency_ms.median",
          "latency_ms.p10", "latency_ms.p90", "latency_ms.min", "arena_bytes", "peak_rss_bytes",
          "isa", "times_ms", "layers[].name", "layers[].op", "layers[].kernel", "layers[].ms",
          "layers[].macs", "layers[].effective_macs", "layers[].share", "layers[].gops",
          "layers[].peak_gops", "layers[].bytes", "layers[].gbps", "layers[].peak_gbps",
          "layers[].limit_ms", "layers[].fraction", "layers[].bound", "layers_total.ms",
          "layers_total.limit_ms", "layers_total.fraction", "layers_total.macs",
          "layers_total.effective_macs", "layers_total.bytes", "probe.f32_gflops",
          "probe.int8_gops", "probe.copy_gbps", "probe.copies[].bytes", "probe.copies[].gbps",
          "probe.copies[].update_gbps",
        ]
      ),
      (
        [
          "evaluate", model, "--data", Self.test, "--limit", "20", "--preprocess", "unit",
          "--against", model,
        ], ["samples", "top1", "top5", "seconds", "against.top1", "against.agreement"]
      ),
      (
        ["verify", model, "--against", model],
        ["samples", "max_abs", "mean_abs", "cosine", "top1_agreement", "passed"]
      ),
      (["ops"], ["operators[].name", "operators[].since", "operators[].domain"]),
    ]
    for (arguments, keys) in verbs {
      let command = try Command(["pare"] + arguments + ["--json"])
      #expect(command.code == 0 && command.errors.isEmpty, "\(command.errors)")
      try expectKeys(keys, in: try command.json(), arguments[0])
    }
    let missing = try Command(
      "pare", "ops", "--missing", "\(Command.onnx)/unknown-operators.onnx", "--json")
    #expect(missing.code == 3)
    try expectKeys(["missing[].op", "missing[].nodes[]"], in: try missing.json(), "ops")
  }

  @Test func profilesAddUpAndFitTheirColumns() throws {
    let arguments = ["pare", "bench", Command.resnet, "--runs", "4", "--warmup", "0", "--profile"]
    let object = try Command(arguments + ["--json"]).json()
    #expect((object["times_ms"] as? [Double])?.count == 4)
    let layers = try #require(object["layers"] as? [[String: Any]])
    func sum(_ key: String) -> Double { layers.reduce(0) { $0 + ($1[key] as? Double ?? .nan) } }
    #expect(abs(sum("share") - 1) < 1e-6)
    let total = try #require(object["layers_total"] as? [String: Any])
    #expect(abs(sum("ms") - (total["ms"] as? Double ?? .nan)) < 1e-9)
    #expect(abs(sum("limit_ms") - (total["limit_ms"] as? Double ?? .nan)) < 1e-9)
    for layer in layers {
      func number(_ key: String) -> Double { layer[key] as? Double ?? .nan }
      let compute = number("effective_macs") * 2 / number("peak_gops") / 1e6
      let memory = number("bytes") / number("peak_gbps") / 1e6
      #expect(layer["bound"] as? String == (compute > memory ? "compute" : "memory"))
      #expect(abs(max(compute, memory) - number("limit_ms")) < 1e-9)
      #expect(number("macs") == number("effective_macs"))
    }
    let times = try Command(arguments).output.split(separator: "\n")
    // The first line has the path.
    #expect(times.dropFirst().allSatisfy { $0.count <= 100 })
    let inOrder = try Command(arguments + ["--sort", "order"]).output.split(separator: "\n")
    let names = layers.compactMap { ($0["name"] as? String).map { String($0.suffix(8)) } }
    let rows = inOrder.drop { !$0.contains("of roof") }.dropFirst().prefix(names.count)
    #expect(zip(rows, names).allSatisfy { $0.contains($1) })
  }

  @Test func kernelsAreTimed() throws {
    let arguments = ["pare", "bench", "--kernels", "--filter"]
    let object = try Command(arguments + ["3x3 32x32 16-16", "--json"]).json()
    let kernels = try #require(object["kernels"] as? [[String: Any]])
    // Two types, the tile that a plan takes and others; one shape in blocks and in single weights.
    #expect(kernels.filter { $0["is_chosen"] as? Bool == true }.count == 2)
    #expect(Set(kernels.compactMap { $0["type"] as? String }) == ["f32", "u8s8"])
    #expect(kernels.allSatisfy { $0["macs"] as? Int == 32 * 32 * 16 * 16 * 9 })
    let sparse = try #require(object["sparse"] as? [[String: Any]])
    #expect(sparse.count == 2)
    for row in sparse {
      let points = try #require(row["points"] as? [[String: Double]])
      #expect(points.compactMap { $0["zeros"] } == [0.5, 0.7, 0.8, 0.9])
      #expect(points.allSatisfy { $0["speedup"] ?? 0 > 0 && $0["expected_speedup"] ?? 0 > 0 })
    }
    #expect((object["costs"] as? [[String: Any]])?.count == 20)
    let depthwise = try Command(arguments + ["depthwise 3x3 14x14", "--json"]).json()
    #expect((depthwise["kernels"] as? [Any])?.count == 2)
    #expect((depthwise["sparse"] as? [Any])?.isEmpty == true)
    let nothing = try Command(arguments + ["3x3 of what"])
    #expect(nothing.code == 2 && nothing.output.isEmpty)
    #expect(nothing.errorLines.contains("  3x3 32x32 16-16"))
    #expect(nothing.errorLines.contains("  Gelu float32 1x196x1536"))
    // Every operator of the list is planned as itself.
    let operators = try Command(arguments + ["uint8 1x", "--json"]).json()
    #expect((operators["operators"] as? [[String: Any]])?.count == 10)
    let text = try Command(arguments + ["Softmax"])
    #expect(text.code == 0 && text.output.contains("Softmax float32 12x197x197"))
    #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test func artifactsAreInspected() throws {
    try withTemporaryFolder { folder in
      _ = try Command(
        ["convert", Command.resnet, "-o", "a.pare", "--quiet"] + Self.compressed, in: folder)
      let object = try Command("inspect", "a.pare", "--json", in: folder).json()
      try expectKeys(
        [
          "file.bytes", "file.version", "file.digest", "sections[].name", "sections[].bytes",
          "totals.wire_bytes",
        ], in: object, "inspect")
      let sections = try #require(object["sections"] as? [[String: Any]])
      let file = try #require(object["file"] as? [String: Any])
      #expect(sections.reduce(0) { $0 + ($1["bytes"] as? Int ?? 0) } == file["bytes"] as? Int)
      let check = try Command("inspect", "a.pare", "--check", "--json", in: folder)
      try expectKeys(["check.valid"], in: try check.json(), "check")
      #expect(check.code == 0)
    }
  }

  @Test func damagedArtifactsFailTheCheck() throws {
    try withTemporaryFolder { folder in
      _ = try Command("convert", Command.resnet, "-o", "a.pare", "--quiet", in: folder)
      let file = URL(filePath: "\(folder)/a.pare")
      var data = try Data(contentsOf: file)
      data[data.count / 2] ^= 4
      try data.write(to: file)
      let check = try Command("inspect", "a.pare", "--check", "--json", in: folder)
      #expect(check.code == 1)
      let object = try check.json()
      try expectKeys(
        ["check.valid", "check.rule", "check.offset", "check.message"], in: object, "check")
      #expect((object["check"] as? [String: Any])?["valid"] as? Bool == false)
    }
  }

  @Test func twoProcessesWriteTheSameBytes() throws {
    try withTemporaryFolder { folder in
      for (name, command) in [("a", ["convert"]), ("b", ["pare", "convert"])] {
        let run = try Command(
          command + [Command.resnet, "-o", "\(name).pare", "--json"] + Self.compressed, in: folder)
        #expect(run.code == 0)
      }
      let files = try ["a", "b"].map { try Data(contentsOf: URL(filePath: "\(folder)/\($0).pare")) }
      #expect(files[0] == files[1])
    }
  }

  @Test func optionsMayBeInSnakeCase() throws {
    try withTemporaryFolder { folder in
      for (name, options) in [
        ("kebab", ["--prune-scope", "layer", "--sparse-encoding=bitmask", "--no-verify"]),
        ("snake", ["--prune_scope", "layer", "--sparse_encoding=bitmask", "--no_verify"]),
      ] {
        let command = try Command(
          ["convert", Command.resnet, "-o", "\(name).pare", "--prune", "0.5"] + options, in: folder)
        #expect(command.code == 0, "\(command.errors)")
      }
      let files = try ["kebab", "snake"].map {
        try Data(contentsOf: URL(filePath: "\(folder)/\($0).pare"))
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func runsNameTheClassAndWriteTheOutputs() throws {
    try withTemporaryFolder { folder in
      let convert = try Command(
        "convert", Command.resnet, "-o", "a.pare", "--preprocess", "unit", "--labels",
        "\(Command.samples)/digits/labels.txt", "--quiet", in: folder)
      #expect(convert.code == 0 && convert.output.isEmpty && convert.errors.isEmpty)
      let digit = "\(Self.test)/7"
      let image = try #require(try files(in: digit).first)
      // Preprocessing and labels come from the file.
      let command = try Command(
        "pare", "run", "a.pare", "\(digit)/\(image)", "--output", "results", "--json", in: folder)
      #expect(command.code == 0 && command.errors.isEmpty, "\(command.errors)")
      let results = try #require(try command.json()["results"] as? [[String: Any]])
      let top = try #require((results.first?["top"] as? [[String: Any]])?.first)
      #expect(top["label"] as? String == "seven" && top["index"] as? Int == 7)
      #expect(try files(in: folder + "/results") == ["logits.npy"])
    }
  }

  @Test func theDefaultOutputLiesBesideTheInput() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.copyItem(atPath: Command.resnet, toPath: "\(folder)/a.b.onnx")
      #expect(try Command("convert", "\(folder)/a.b.onnx").code == 0)
      #expect(try files(in: folder) == ["a.b.onnx", "a.b.pare"])
    }
  }
}
