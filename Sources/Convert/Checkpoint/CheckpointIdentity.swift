import Datasets
import Foundation
import Kernels
import ModelFormat
import Train

/// What decides the result of a conversion, so that no checkpoint of another one is used.
///
/// It is the version of the tool, the digest of the source, the instruction set (the last bits of float sums
/// depend on it), every option that can change the result, and the samples. A part is a name and a digest:
/// the name tells the user what differs.
struct CheckpointIdentity: Hashable {
  /// One thing that counts.
  struct Part: Hashable {
    let name: String
    let digest: [UInt8]

    init(_ name: String, _ text: String) {
      self.name = name
      digest = SHA256.digest([UInt8](text.utf8))
    }

    init(_ name: String, digest: [UInt8]) {
      self.name = name
      self.digest = digest
    }
  }

  let parts: [Part]

  /// The version of what states hold: one more whenever a stage computes or keeps something else.
  static let version = 1

  /// Options that do not change what a conversion computes.
  static let unrelated: Set<String> = [
    "input", "output", "threads", "isDryRun", "verificationSamples", "release", "recordsCosts",
    "timeLimit", "checkpointSeconds", "restarts",
  ]

  /// The identity of the conversion that `options` ask for, of a source with a digest.
  init(_ options: ConversionOptions, source: String) {
    var parts = [
      Part("version", "\(Converter.version) \(Self.version)"), Part("model", source),
      Part("instruction set", "\(InstructionSet.best)"),
    ]
    for child in Mirror(reflecting: options).children {
      guard let label = child.label, !Self.unrelated.contains(label) else { continue }
      parts.append(Part(label, Self.text(child.value)))
    }
    let samples = [
      ("calibration", options.calibration), ("trainingData", options.trainingData),
      ("data", options.data),
    ]
    for case (let name, let path?) in samples {
      parts.append(Part("samples of \(name)", digest: Self.digest(ofSamples: path)))
    }
    self.parts = parts
  }

  /// The parts as bytes.
  var encoded: [UInt8] {
    var writer = StateWriter()
    writer.append(parts.count)
    for part in parts {
      writer.append([UInt8](part.name.utf8))
      writer.append(part.digest)
    }
    return writer.bytes
  }

  /// The digest of all parts.
  var digest: [UInt8] { SHA256.digest(encoded) }

  /// The names of the parts that are others in an encoded identity; empty where that cannot be read.
  func differences(from other: [UInt8]) -> [String] {
    var reader = StateReader(other)
    var known: [[UInt8]: [UInt8]] = [:]
    do throws(StateError) {
      for _ in 0..<(try reader.integer(0...1_000)) {
        known[try reader.block()] = try reader.block()
      }
    } catch { return [] }
    let names = parts.filter { known[[UInt8]($0.name.utf8)] != $0.digest }.map(\.name)
    // A part that only the other has: samples that are not given now.
    return names.isEmpty && known.count != parts.count ? ["samples"] : names
  }

  /// A value with all that it holds, in an order that does not change.
  private static func text(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    guard !mirror.children.isEmpty else { return String(reflecting: value) }
    let parts = mirror.children.map { "\($0.label ?? ""):\(text($0.value))" }
    let isUnordered = mirror.displayStyle == .dictionary || mirror.displayStyle == .set
    return "(" + (isUnordered ? parts.sorted() : parts).joined(separator: ",") + ")"
  }

  /// Samples of each data set whose contents are looked at.
  private static let looks = 32

  /// What tells a data set from others at little cost: names and sizes of all samples, and the contents of some.
  ///
  /// One that cannot be opened is like any other such one: whoever needs it says what is wrong.
  private static func digest(ofSamples path: String) -> [UInt8] {
    var hash = SHA256()
    func add(_ text: String) { [UInt8]((text + "\n").utf8).withUnsafeBytes { hash.update($0) } }
    guard let dataset = try? Dataset(path: path, splitBatch: true) else { return hash.finish() }
    add("\(dataset.count) \(size(path))")
    let labels = path + "/labels.tsv"
    if size(labels) > 0, let table = FileManager.default.contents(atPath: labels) {
      table.withUnsafeBytes { hash.update($0) }
    }
    for index in 0..<dataset.count {
      guard let name = try? dataset.name(at: index) else { continue }
      add("\(name) \(size(path + "/" + name))")
    }
    for index in dataset.indices(spread: looks) {
      guard let sample = try? dataset.sample(at: index) else { continue }
      add("\(index) \(sample.label ?? -1)")
      switch sample.content {
      case .image(let image): image.pixels.withUnsafeBytes { hash.update($0) }
      case .array(let array): array.bytes.withUnsafeBytes { hash.update($0) }
      case .tensors(let arrays):
        for (name, array) in arrays.sorted(by: { $0.key < $1.key }) {
          add(name)
          array.bytes.withUnsafeBytes { hash.update($0) }
        }
      }
    }
    return hash.finish()
  }

  /// The bytes of a file; -1 where there is none, 0 of a folder.
  private static func size(_ path: String) -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { return -1 }
    return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
  }
}
