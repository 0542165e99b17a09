public import ArgumentParser
import Convert
import Datasets
import Foundation
import Interpreter
import Metadata
import ModelFormat

/// `pare run`.
public struct RunCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a model on images or arrays and print what it says.",
    discussion: """
      EXAMPLE
        pare run model.pare photo.jpg
        pare run model.onnx images=batch.npy --output results

      Inputs are images (JPEG, PNG), .npy and .npz arrays, or ONNX TensorProto .pb files; name=FILE \
      says which input a file is for. Without inputs the model runs on random numbers.
      """)

  @Argument(help: ArgumentHelp("An .onnx or .pare file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("Files to run on, each by itself unless named.", valueName: "input"))
  var files: [String] = []

  @OptionGroup var images: PreprocessingOptions
  @OptionGroup var shared: ModelOptions
  @OptionGroup var work: WorkOption

  @Option(help: ArgumentHelp("How many classes to print.", valueName: "n"))
  var top = 5

  @Option(help: ArgumentHelp("Class names, one a line.", valueName: "file"))
  var labels: String?

  @Option(
    help: ArgumentHelp("Write each output as NAME.npy to this folder.", valueName: "folder"))
  var output: String?

  @Option(help: ArgumentHelp("Seed of random inputs.", valueName: "n"))
  var seed: UInt64 = 0

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// For the argument parser.
  public init() {}

  /// Refuses counts that make no sense.
  public func validate() throws {
    guard top >= 1 else { throw ValidationError("--top \(top): at least 1") }
  }

  /// Runs the model once for each input file.
  public func run() throws {
    let results = try reporting { try compute() }
    if json {
      try JSON.print(["results": results])
    } else {
      for result in results { Console.say(result.text) }
    }
  }

  private func compute() throws -> [RunResult] {
    let loaded = try shared.load(model, workers: shared.threads)
    let interpreter = try loaded.interpreter(threads: shared.threads, limits: work.limits)
    let names = try labels.map { try LabelFile.read($0) } ?? loaded.metadata.labels
    let preprocessing = try images.resolve(loaded.metadata.preprocessing)
    if files.isEmpty {
      Console.warn("no input given: running on random numbers (seed \(seed))")
      RandomSamples(seed: seed).load(0, into: interpreter)
      return [try finish("random", interpreter, names, folder: output)]
    }
    let assignments = files.map { InputFile($0, inputs: interpreter.inputs.map(\.name)) }
    if assignments.contains(where: { $0.input != nil }) {
      let given = Set(assignments.map { $0.input ?? interpreter.inputs.first?.name })
      let missing = interpreter.inputs.map(\.name).filter { !given.contains($0) }
      guard missing.isEmpty else {
        throw Failure(
          outcome: .usage,
          message: "no file is given for \(missing.map { "'\($0)'" }.joined(separator: ", ")); "
            + "say \(missing[0])=FILE as well")
      }
      for assignment in assignments {
        try assignment.load(into: interpreter, preprocessing)
      }
      return [try finish(model, interpreter, names, folder: output)]
    }
    return try assignments.map { assignment in
      try assignment.load(into: interpreter, preprocessing)
      // Several files: a folder each, so that results do not overwrite each other.
      let name = assignment.path.split(separator: "/").last.map(String.init) ?? assignment.path
      let folder = output.map { files.count > 1 ? $0 + "/" + RunResult.fileName(name) : $0 }
      return try finish(assignment.path, interpreter, names, folder: folder)
    }
  }

  private func finish(
    _ name: String, _ interpreter: Interpreter, _ labels: [String], folder: String?
  ) throws -> RunResult {
    try interpreter.run()
    let result = RunResult(name, interpreter, labels, top: top)
    guard let folder else { return result }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(
        outcome: .invalidInput, message: "\(folder): cannot be made: \(error.localizedDescription)")
    }
    let names = RunResult.fileNames(interpreter.outputs.map(\.name))
    for (index, port) in interpreter.outputs.enumerated() {
      let array = try NumericArray(
        type: port.type, shape: port.shape, bytes: [UInt8](interpreter.output(index)))
      try array.writeNPY(to: "\(folder)/\(names[index]).npy")
    }
    return result
  }
}

/// A file that is an input, with the name of the input where the user gave it.
struct InputFile {
  let input: String?
  let path: String

  /// `name=path` where `name` is one of `inputs`; a path otherwise.
  init(_ argument: String, inputs: [String]) {
    if let equals = argument.firstIndex(of: "="), inputs.contains(String(argument[..<equals])) {
      input = String(argument[..<equals])
      path = String(argument[argument.index(after: equals)...])
    } else {
      input = nil
      path = argument
    }
  }

  /// Puts the file's content into its input.
  func load(into interpreter: Interpreter, _ preprocessing: Preprocessing?) throws {
    if input == nil, let equals = path.firstIndex(of: "="), access(path, F_OK) != 0 {
      throw Failure(
        outcome: .usage,
        message: "the model has no input '\(path[..<equals])', but "
          + interpreter.inputs.map { "'\($0.name)'" }.joined(separator: ", "))
    }
    let index = input.flatMap { name in interpreter.inputs.firstIndex { $0.name == name } }
    if path.hasSuffix(".pb") {
      let (_, tensor) = try ONNXTensorFile.read(path: path)
      let array = try NumericArray(
        type: tensor.type, shape: tensor.shape, bytes: tensor.dense.array)
      return try copy(array, to: index ?? 0, interpreter)
    }
    let dataset = try Dataset(path: path)
    if let index, index > 0 || interpreter.inputs.count > 1 {
      let sample = try dataset.sample(at: 0)
      guard case .array(let array) = sample.content else {
        throw Failure(
          outcome: .invalidInput,
          message: "\(path): one of several inputs needs an .npy or .pb file")
      }
      return try copy(array, to: index, interpreter)
    }
    var steps = preprocessing
    if steps == nil, case .image? = try? dataset.sample(at: 0).content {
      let shape = interpreter.inputs.first?.shape ?? []
      guard let guess = Preprocessing.guess(for: shape) else {
        throw ConvertError.needsPreprocessing(shape)
      }
      Console.warn("no --preprocess given: '\(guess.name)' is assumed for an input of \(shape)")
      steps = guess
    }
    let feed = try SampleFeed(dataset, into: interpreter, preprocessing: steps)
    for item in 0..<feed.batch { _ = try feed.load(0, item: item, into: interpreter) }
  }

  private func copy(_ array: NumericArray, to index: Int, _ interpreter: Interpreter) throws {
    guard index < interpreter.inputs.count else {
      throw Failure(outcome: .invalidInput, message: "\(path): the model has no inputs")
    }
    let port = interpreter.inputs[index]
    let bytes = array.converted(to: port.type)
    guard bytes.count == port.byteCount else {
      throw Failure(
        outcome: .invalidInput,
        message: "\(path): has shape \(array.shape), but input '\(port.name)' takes \(port.shape)")
    }
    try bytes.withUnsafeBytes { buffer in
      do throws(InterpreterError) { try interpreter.setInput(index, buffer) } catch {
        throw Failure(outcome: .invalidInput, message: "\(path): \(error)")
      }
    }
  }
}
