import ArgumentParser
import Convert
import Ship

/// Extents of graph inputs: `name:1,3,224,224`.
struct InputShape: ExpressibleByArgument {
  let name: String
  let extents: [Int]

  /// The option as it is typed.
  var text: String { name + ":" + extents.map(String.init).joined(separator: ",") }

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":") else { return nil }
    name = String(argument[..<colon])
    let parts = argument[argument.index(after: colon)...].split(
      separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.map { Int($0) }
    extents = numbers.compactMap { $0 }
    guard !name.isEmpty, extents.count == numbers.count, extents.allSatisfy({ $0 > 0 }) else {
      return nil
    }
  }
}

/// The options that every verb with a model takes.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Extents of an input, for an ONNX file that leaves them open: name:1,3,224,224. Repeatable.",
      valueName: "name:extents"))
  var inputShape: [InputShape] = []

  @Option(help: ArgumentHelp("Threads to use.", valueName: "n"))
  var threads = 1

  @Option(
    help: ArgumentHelp(
      "The instruction set that kernels may use, to compare: portable, avx2, avx2vnni, avx512vnni, "
        + "neon, neondot, neoni8mm. The best of this processor unless stated.",
      valueName: "set"))
  var isa: InstructionSetName?

  @Option(
    help: ArgumentHelp(
      "Refuse the model unless the owner of this key signed it: a file of 'pare keygen' or minisign, or "
        + "the key itself.",
      valueName: "key"))
  var verifyKey: String?

  func validate() throws {
    guard (1...32).contains(threads) else {
      throw ValidationError("--threads \(threads): 1 to 32 make sense")
    }
    // Before any layer is made.
    try isa?.apply()
  }

  /// Reads the model at `path`, and refuses it where a key is given that did not sign it.
  ///
  /// - Throws: `ShipError` about the signature; what reading throws.
  func load(_ path: String, workers: Int = 1) throws -> LoadedModel {
    let loaded = try LoadedModel(path: path, inputShapes: shapes, threads: workers)
    if let verifyKey { try VerifyingKey(verifyKey).require(loaded.file, path: path) }
    return loaded
  }

  /// The shapes by input name.
  var shapes: [String: [Int]] {
    Dictionary(inputShape.map { ($0.name, $0.extents) }, uniquingKeysWith: { $1 })
  }
}
