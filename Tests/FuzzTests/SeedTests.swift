import Foundation
import ModelFormat
import Testing

@testable import Ship

/// Seeds of the targets that read what is shipped.
///
/// `RECORD_SEEDS=1` writes those anew that are made of other
/// seeds: packed files, deltas, keys.
@Suite struct SeedTests {
  /// Models among the seeds of the target `model`, by size and digest of their name: a handful of small ones.
  private static func models() throws -> [[UInt8]] {
    let folder = FuzzTests.package.appending(path: "Fuzz/Corpus/model")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    let all = try names.map { [UInt8](try Data(contentsOf: folder.appending(path: $0))) }
    return Array(
      all.filter { (try? ModelReader.read(Bytes($0)).model.graph.nodes.isEmpty) == false }
        .sorted { $0.count < $1.count }.prefix(24).enumerated().filter { $0.offset % 4 == 0 }
        .map(\.element))
  }

  private static func source(_ bytes: [UInt8]) throws -> PackedSource {
    PackedSource(try ModelReader.read(Bytes(bytes)), bytes)
  }

  private static func packed(_ target: [UInt8], from base: [UInt8]? = nil) throws -> [UInt8] {
    let parts = Packer.pack(try source(target), from: try base.map { try source($0) })
    return parts.flatMap(\.array)
  }

  /// The model with some of its weights changed a little, as training would.
  private static func trained(_ bytes: [UInt8]) throws -> [UInt8] {
    var model = try ModelReader.read(Bytes(bytes)).model
    for (index, value) in model.graph.values.enumerated() {
      guard let tensor = value.constant, tensor.type == .float32, value.quantization == nil else {
        continue
      }
      var changed = tensor.dense.array
      for place in stride(from: 0, to: changed.count - 3, by: 4) { changed[place] &+= 3 }
      model.graph.values[index].constant = Tensor(
        type: .float32, shape: tensor.shape, bytes: Bytes(changed))
    }
    return ModelWriter(model).bytes()
  }

  /// A model with a tensor that fills more than one chunk and packs to few bytes.
  private static func large(_ bytes: [UInt8]) throws -> [UInt8] {
    var model = try ModelReader.read(Bytes(bytes)).model
    let count = 18_000
    let numbers = (0..<count).flatMap { index in
      (0..<4).map { UInt8(truncatingIfNeeded: (index / 3000) &* 37 >> $0) & 63 }
    }
    model.graph.values.append(
      Value(
        name: "large", type: .float32, shape: [count],
        constant: Tensor(type: .float32, shape: [count], bytes: Bytes(numbers))))
    return ModelWriter(model).bytes()
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["RECORD_SEEDS"] != nil))
  func recordSeeds() throws {
    let corpus = FuzzTests.package.appending(path: "Fuzz/Corpus")
    func write(_ bytes: [UInt8], _ target: String, _ name: String) throws {
      let folder = corpus.appending(path: target)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(bytes).write(to: folder.appending(path: name))
    }
    let models = try Self.models()
    let first = try #require(models.last)
    for (index, model) in (models + [try Self.large(first)]).enumerated() {
      try write(Self.packed(model), "unpack", "model-\(index)")
      let base = index == models.count ? models[0] : model
      for (name, target) in [("same", model), ("trained", try Self.trained(model))] {
        let delta = try Self.packed(target, from: base)
        try write(PatchTarget.input(base, delta), "patch", "\(name)-\(index)")
      }
    }
    let key = SigningKey()
    let text = try #require(key.text(password: nil))
    try write([0] + Array(text.utf8), "keys", "secret")
    try write([0] + Array(try #require(key.text(password: "word")).utf8), "keys", "encrypted")
    try write([1] + Array(key.verifying.text.utf8), "keys", "public")
    try write([3] + Array(key.verifying.base64.utf8), "keys", "literal")
    let signed = Scratch.write([1, 2, 3], "signed")
    defer { Scratch.remove() }
    let signature = try DetachedSignature(of: signed, by: key, comment: "file:signed")
    try write([2] + Array(signature.text.utf8), "keys", "signature")
  }
}
