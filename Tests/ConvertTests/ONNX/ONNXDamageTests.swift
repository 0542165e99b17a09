import CSchemas
import Foundation
import ModelFormat
import Testing

@testable import Convert

/// Whatever the bytes, the importer gives a model or an error.
@Suite struct ONNXDamageTests {
  /// SplitMix64: the same damage in each run.
  struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// Whether the bytes were accepted; an error must have words.
  @discardableResult func survives(_ bytes: [UInt8]) -> Bool {
    do throws(ImportError) {
      let model = try ONNXImporter.load(bytes: bytes, name: "damaged.onnx")
      for value in model.graph.values { _ = value.constant?.floats() }
      return true
    } catch {
      #expect(error.description.hasPrefix("damaged.onnx: "))
      return false
    }
  }

  @Test func survivesTruncationAtEveryByte() throws {
    let bytes = try ONNXFixture.bytes("small.onnx")
    #expect(survives(bytes))
    for count in 0..<bytes.count { survives([UInt8](bytes[..<count])) }
  }

  @Test(arguments: ["small.onnx", "constants.onnx", "sparse-initializer.onnx", "nested-9.onnx"])
  func survivesFlippedBits(_ name: String) throws {
    let bytes = try ONNXFixture.bytes(name)
    var generator = Generator(state: UInt64(bytes.count))
    for round in 0..<2000 {
      var damaged = bytes
      for _ in 0...(round % 4) {
        let bit = Int.random(in: 0..<(bytes.count * 8), using: &generator)
        damaged[bit / 8] ^= 1 << (bit % 8)
      }
      survives(damaged)
    }
  }

  @Test func survivesOverwrittenAndInsertedBytes() throws {
    let bytes = try ONNXFixture.bytes("small.onnx")
    let nasty: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x3A, 0x4A]
    var generator = Generator(state: 7)
    for _ in 0..<2000 {
      var damaged = bytes
      let position = Int.random(in: 0..<bytes.count, using: &generator)
      let byte = nasty[Int.random(in: 0..<nasty.count, using: &generator)]
      if Bool.random(using: &generator) {
        damaged[position] = byte
      } else {
        let run = Int.random(in: 1...12, using: &generator)
        damaged.insert(contentsOf: [UInt8](repeating: byte, count: run), at: position)
      }
      survives(damaged)
    }
  }

  @Test func survivesNoise() {
    var generator = Generator(state: 3)
    for count in 0..<400 {
      survives((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
  }

  @Test(arguments: [
    ([UInt8](), ""), ([0x12], "cut off"), ([0x08, 0x80], "cut off"),
    ([0x08] + [UInt8](repeating: 0xFF, count: 10), "longer than 64 bits"),
    ([0x3A, 0x7F, 0x00], "127 bytes are announced, but only 1 are left"),
    ([0x3A, 0x00, 0x3A, 0x00], "field graph comes twice"), ([0x0B], "wire type 3"),
    ([0x00, 0x00], "field number 0"), ([0x12, 0x02, 0x41, 0x00], "NUL"),
    ([0x38, 0x01], "field graph has wire type 0, not 2"),
  ])
  func saysWhereAndWhy(_ bytes: [UInt8], _ words: String) {
    do throws(ImportError) {
      _ = try ONNXImporter.load(bytes: bytes, name: "m")
      Issue.record("accepted")
    } catch {
      #expect(bytes.isEmpty || error.description.contains(words), "\(error)")
    }
  }

  @Test func unpackingKeepsToItsBudget() throws {
    let bytes = Bytes(try ONNXFixture.bytes("small.onnx"))
    for memory in stride(from: 0, to: 12_000, by: 61) {
      do throws(ImportProblem) {
        _ = try bytes.withUnsafeBytes { buffer throws(ImportProblem) in
          try ONNXDescriptor.withMessage(
            ONNXDescriptor.model, as: Onnx__ModelProto.self, in: buffer, memory: memory
          ) { message throws(ImportProblem) in try ONNXModel(message) }
        }
        #expect(memory > 1000)
      } catch {
        guard case .tooLarge = error else {
          Issue.record("\(error)")
          return
        }
      }
    }
  }

  @Test func otherFormatsAreRecognized() throws {
    let folder = FileManager.default.temporaryDirectory.path
    let cases: [([UInt8], String)] = [
      ([0xFF, 0xD8, 0xFF, 0xE0], "JPEG"), ([0x89, 0x50, 0x4E, 0x47], "PNG"),
      ([0x50, 0x4B, 3, 4], "zip"), ([0x89, 0x48, 0x44, 0x46], "HDF5"),
      ([UInt8]("GGUF".utf8), "GGUF"), ([0x89, 0x50, 0x41, 0x52, 0x45, 13], ".pare"),
      ([UInt8]("version https://git-lfs.github.com/spec/v1".utf8), "git lfs pull"),
    ]
    for (bytes, words) in cases {
      do throws(ImportError) {
        _ = try ONNXImporter.load(bytes: bytes, name: "m")
        Issue.record("accepted \(words)")
      } catch {
        #expect(error.description.contains(words), "\(error)")
      }
    }
    #expect(
      throws: ImportError(path: folder, problem: .file(.notAFile(path: folder, isDirectory: true)))
    ) {
      try ONNXImporter.load(path: folder)
    }
    #expect(throws: ImportError.self) { try ONNXImporter.load(path: folder + "/no-such.onnx") }
  }
}
