import Foundation
import TestSupport
import Testing

/// What is wrong is said in one line that names it, with an exit code, and nothing is left behind.
@Suite struct WrongInputTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let arguments: [String]
    let code: Int32
    /// What the line must contain.
    let words: [String]
    var testDescription: String { name }

    init(_ name: String, _ arguments: [String], _ code: Int32, _ words: String...) {
      self.name = name
      self.arguments = arguments
      self.code = code
      self.words = words
    }
  }

  /// `SAMPLES`, `ONNX` and `NETWORKS` stand for folders; the working folder is that of `prepare`.
  static let conversions: [Case] = [
    Case("no file", ["absent.onnx"], 1, "absent.onnx", "No such file"),
    Case("a folder", ["folder"], 1, "folder: is a directory"),
    Case("an empty file", ["empty.onnx"], 1, "empty.onnx: is empty"),
    Case("a photo", ["photo.onnx"], 1, "photo.onnx", "JPEG", "give the model first"),
    Case("an artifact", ["done.pare"], 1, "done.pare", ".pare file", "converted already"),
    Case("a truncated file", ["short.onnx"], 1, "short.onnx", "damaged"),
    Case("text", ["text.onnx"], 1, "text.onnx", "no ONNX model"),
    Case("unknown operators", ["ONNX/unknown-operators.onnx"], 3, "unknown-operators.onnx", "Foo"),
    Case("a cycle", ["ONNX/cycle.onnx"], 1, "cycle.onnx", "'first' -> 'third' -> 'second'"),
    Case("no initializer", ["ONNX/undefined.onnx"], 1, "undefined.onnx", "'w'"),
    Case("no external data", ["ONNX/external-absent.onnx"], 1, "external-absent.onnx", "'"),
    Case("external data elsewhere", ["ONNX/external-parent.onnx"], 1, "external-parent.onnx", ".."),
    Case("an open shape", ["ONNX/shape-symbolic.onnx"], 2, "--input-shape x:1,3,?,?"),
    Case(
      "shapes that do not fit", ["NETWORKS/matmul-add.onnx", "--input-shape", "x:2,5"], 1,
      "matmul-add.onnx", "MatMul", "2x5"),
    Case(
      "an input that is not there", ["NETWORKS/matmul-add.onnx", "--input-shape", "y:2,6"], 2,
      "--input-shape", "'y'", "'x'"),
    Case("no output folder", ["good.onnx", "-o", "none/out.pare"], 1, "none/out.pare", "written"),
    Case("an output that is a folder", ["good.onnx", "-o", "folder"], 1, "folder: is a directory"),
    Case(
      "no calibration data", ["good.onnx", "--calibration", "folder"], 1, "folder", "no images"),
    Case(
      "an output that is the input", ["good.onnx", "-o", "./good.onnx"], 2, "good.onnx",
      "the source", "-o"),
    Case("no calibration folder", ["good.onnx", "--calibration", "nowhere"], 1, "nowhere"),
    Case("no labels", ["good.onnx", "--labels", "nowhere.txt"], 1, "nowhere.txt"),
    Case("labels that are no text", ["good.onnx", "--labels", "photo.onnx"], 1, "UTF-8"),
    Case("unlabelled data", ["good.onnx", "--data", "plain"], 1, "plain", "no labels"),
    Case(
      "second order without samples",
      ["good.onnx", "--prune", "0.5", "--prune-method", "second-order"],
      2, "--prune-method second-order", "--calibration"),
    Case(
      "distillation without samples", ["good.onnx", "--prune", "0.5", "--distil", "on"], 2,
      "--distil on", "--calibration"),
    Case("a wrong pattern", ["good.onnx", "--exclude", "conv("], 2, "'conv('"),
  ]

  static let options: [Case] = [
    Case(
      "a fraction above one", ["good.onnx", "--prune", "1.5"], 2, "--prune", "1.5", "from 0 to 1"),
    Case("a negative fraction", ["good.onnx", "--prune=-0.5"], 2, "--prune", "-0.5"),
    Case("a wrong pattern", ["good.onnx", "--prune", "5:4"], 2, "--prune", "5:4"),
    Case(
      "nine bits", ["good.onnx", "--quantize", "int9"], 2, "--quantize", "int9", "int8-weights"),
    Case("a preset", ["good.onnx", "--preprocess", "imagenot"], 2, "--preprocess", "imagenet"),
    Case("a mean", ["good.onnx", "--mean", "abc"], 2, "--mean", "abc", "0.5,0.5,0.5"),
    Case("a deviation of zero", ["good.onnx", "--std", "1,0,1"], 2, "--std", "zero"),
    Case("a scale", ["good.onnx", "--scale", "1/0"], 2, "--scale", "1/255"),
    Case("a limit without data", ["good.onnx", "--max-drop", "1%"], 2, "--max-drop", "--data"),
    Case("a limit above one", ["good.onnx", "--max-drop", "2"], 2, "--max-drop"),
    Case("no samples", ["good.onnx", "--samples", "0"], 2, "--samples", "at least 1"),
    Case("samples in words", ["good.onnx", "--samples", "many"], 2, "--samples", "many"),
    Case("no threads", ["good.onnx", "--threads", "0"], 2, "--threads", "1 to 32"),
    Case("a shape", ["good.onnx", "--input-shape", "x:1,a"], 2, "--input-shape", "x:1,a"),
    Case("an encoding", ["good.onnx", "--sparse-encoding", "zip"], 2, "--sparse-encoding", "zip"),
    Case("an unknown option", ["good.onnx", "--shrink"], 2, "--shrink", "--help"),
    Case("no value", ["good.onnx", "--prune"], 2, "--prune"),
    Case("two models", ["good.onnx", "more.onnx"], 2, "more.onnx"),
    Case("no model", [], 2, "model.onnx"),
  ]

  static let runs: [Case] = [
    Case(
      "a missing input", ["run", "NETWORKS/two-inputs.onnx", "left=a.npy"], 2, "'right'", "'index'",
      "right=FILE"),
    Case(
      "an input that is none", ["run", "NETWORKS/two-inputs.onnx", "middle=a.npy"], 2, "'middle'",
      "'left', 'right', 'index'"),
  ]

  /// Puts what the cases speak of into `folder`.
  static func prepare(_ folder: String) throws {
    let place = URL(filePath: folder)
    let manager = FileManager.default
    for name in ["folder", "plain"] {
      try manager.createDirectory(
        at: place.appending(path: name), withIntermediateDirectories: true)
    }
    let model = try Data(contentsOf: URL(filePath: Command.resnet))
    let photo = Data([0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF".utf8))
    let contents = [
      "empty.onnx": Data(), "photo.onnx": photo, "short.onnx": model.prefix(model.count / 2),
      "text.onnx": Data("This is no model.\n".utf8), "good.onnx": model,
      "done.pare": Data([0x89] + Array("PARE\r\n".utf8)),
    ]
    for (name, data) in contents { try data.write(to: place.appending(path: name)) }
    let image = "\(Command.samples)/digits/calibration/0022.png"
    try manager.copyItem(atPath: image, toPath: "\(folder)/plain/0.png")
  }

  @Test(arguments: runs)
  func runsAskForWhatIsMissing(_ wrong: Case) throws {
    try withTemporaryFolder { folder in
      let arguments = wrong.arguments.map {
        $0.replacing("NETWORKS/", with: Command.networks + "/")
      }
      let command = try Command(["pare"] + arguments, in: folder)
      #expect(command.code == wrong.code && command.output.isEmpty, "\(command.errors)")
      for word in wrong.words { #expect(command.errors.contains(word), "\(command.errors)") }
    }
  }

  @Test(arguments: conversions + options)
  func isSaidInOneLine(_ wrong: Case) throws {
    try withTemporaryFolder { folder in
      try Self.prepare(folder)
      let before = try files(in: folder)
      let arguments = wrong.arguments.map { argument in
        argument.replacing("ONNX/", with: Command.onnx + "/")
          .replacing("NETWORKS/", with: Command.networks + "/")
      }
      let needsOutput = !arguments.contains("-o")
      let command = try Command(
        ["convert"] + arguments + (needsOutput ? ["-o", "out.pare"] : []), in: folder)
      #expect(command.code == wrong.code, "\(command.errors)")
      #expect(command.output.isEmpty)
      #expect(command.errorLines.count == 1, "\(command.errors)")
      #expect(command.errors.hasPrefix("convert: ") && command.errors.hasSuffix("\n"))
      for word in wrong.words { #expect(command.errors.contains(word), "\(command.errors)") }
      #expect(try files(in: folder) == before)
      #expect(try files(in: folder + "/folder").isEmpty)
    }
  }

  /// Verbs that read a model.
  @Test(arguments: [
    ["inspect"], ["run"], ["bench"], ["evaluate", "--data", "plain"], ["verify", "--against", "x"],
    ["ops", "--missing"],
  ])
  func everyVerbNamesTheFileThatIsWrong(_ verb: [String]) throws {
    try withTemporaryFolder { folder in
      try Self.prepare(folder)
      for (name, word) in [
        ("absent.onnx", "No such file"), ("folder", "directory"), ("empty.onnx", "empty"),
        ("photo.onnx", "JPEG"), ("short.onnx", "damaged"), ("done.pare", "offset"),
      ] {
        let command = try Command(["pare"] + verb + [name], in: folder)
        #expect(command.code == 1, "\(verb) \(name): \(command.errors)")
        #expect(command.errorLines.count == 1, "\(verb) \(name): \(command.errors)")
        #expect(
          command.errors.contains(name) && command.errors.contains(word),
          "\(verb): \(command.errors)")
        #expect(command.output.isEmpty)
      }
    }
  }

  /// Numbers that make no sense, of other verbs than convert.
  @Test(arguments: [
    ["run", "--top=-1"], ["run", "--top=0"], ["evaluate", "--data", "plain", "--limit=-1"],
    ["evaluate", "--data", "plain", "--limit=0"], ["bench", "--runs=0"], ["bench", "--warmup=-1"],
    ["bench", "--runs=9223372036854775807"], ["verify", "--against", "good.onnx", "--samples=0"],
    ["verify", "--against", "good.onnx", "--rtol=nan"],
    ["verify", "--against", "good.onnx", "--atol=-1"],
  ])
  func numbersThatMakeNoSenseAreRefused(_ verb: [String]) throws {
    try withTemporaryFolder { folder in
      try Self.prepare(folder)
      let command = try Command(["pare"] + verb + ["good.onnx"], in: folder)
      let option = try #require(verb.last?.split(separator: "=").first)
      #expect(command.code == 2 && command.output.isEmpty, "\(command.errors)")
      #expect(command.errorLines.count == 1 && command.errors.contains(option))
    }
  }

  @Test func outputsThatCannotBeWrittenAreNamed() throws {
    // Nobody may write there, whoever runs this.
    let command = try Command("convert", Command.resnet, "-o", "/proc/out.pare")
    #expect(command.code == 1)
    #expect(command.errorLines.count == 1 && command.errors.contains("/proc/out.pare"))
  }
}
