import ModelFormat
import Testing

@testable import Convert

@Suite struct ONNXExternalDataTests {
  @Test func dataBesideTheModelAreMapped() throws {
    let model = try ONNXFixture.load("external-good")
    #expect(model.constant(1)?.floats() == [4, 5, 6, 7])
    #expect(model.externalDataFiles == ["weights.bin"])
    #expect(try ONNXFixture.load("external-no-length").constant(1)?.floats() == [1, 2, 3, 4])
  }

  @Test(arguments: [
    ("external-absent", "is missing"), ("external-parent", "leads out of the model's folder"),
    ("external-dots", "leads out of the model's folder"),
    ("external-absolute", "leads out of the model's folder"),
    ("external-link", "is a link out of the model's folder"),
    ("external-cut", "has 32 bytes; the tensor asks for 16 at 24"),
    ("external-overflow", "has 32 bytes; the tensor asks for 16 at 9223372036854775807"),
    ("external-bad-number", "offset 'many'"), ("external-folder", "is a link out of"),
  ])
  func otherPlacesAreRefused(_ name: String, _ reason: String) {
    let message = ONNXFixture.message(name)
    #expect(message.hasPrefix("tensor 'w': external data '"))
    #expect(message.contains(reason))
  }

  @Test func lengthMustMatchShape() {
    #expect(
      ONNXFixture.problem("external-wrong-length")
        == .tensorSize(name: "w", type: .float32, shape: [1, 4], expected: 16, found: 12))
  }

  @Test func modelsInMemoryHaveNone() throws {
    let bytes = try ONNXFixture.bytes("external-good.onnx")
    #expect(throws: ImportError.self) { try ONNXImporter.load(bytes: bytes, name: "memory") }
  }
}
