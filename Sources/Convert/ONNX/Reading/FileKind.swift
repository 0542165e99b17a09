/// What the first bytes of a file say that it is, where it is certainly no ONNX model.
enum FileKind {
  /// One kind of file that users mistake for ONNX.
  private struct Kind {
    let offset: Int
    let magic: [UInt8]
    let name: String
    let advice: String

    init(_ magic: String, _ name: String, _ advice: String) {
      self.init([UInt8](magic.utf8), name, advice)
    }

    init(_ magic: [UInt8], at offset: Int = 0, _ name: String, _ advice: String) {
      self.magic = magic
      self.offset = offset
      self.name = name
      self.advice = advice
    }
  }

  private static let export = "export the model to ONNX first"
  private static let kinds = [
    Kind([0x89, 0x50, 0x41, 0x52, 0x45], "a .pare file", "it is converted already"),
    Kind([0xFF, 0xD8, 0xFF], "a JPEG image", "give the model first"),
    Kind([0x89, 0x50, 0x4E, 0x47], "a PNG image", "give the model first"),
    Kind([0x50, 0x4B, 0x03, 0x04], "a zip archive (PyTorch, Keras and .npz files are)", export),
    Kind([0x89, 0x48, 0x44, 0x46], "an HDF5 file (Keras .h5 files are)", export),
    Kind([0x80, 0x02, 0x8A], "a Python pickle", export),
    Kind([0x80, 0x02, 0x7D], "a Python pickle", export),
    Kind([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "a NumPy array", "give the model first"),
    Kind([0x1F, 0x8B], "a gzip archive", "unpack it first"),
    Kind([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive", "unpack it first"),
    Kind("GGUF", "a GGUF file", export),
    Kind(
      [0, 0, 0, 0x54, 0x46, 0x4C, 0x33], at: 1, "a TensorFlow Lite model",
      "convert it to ONNX first"),
    Kind(
      [0, 0, 0, 0x4F, 0x52, 0x54, 0x4D], at: 1, "an ONNX Runtime .ort model",
      "give the .onnx file it was made from"),
    Kind([0, 0, 0, 0, 0x7B, 0x22], at: 4, "a safetensors file", export),
    Kind("version https://git-lfs", "a Git LFS pointer", "fetch the file with 'git lfs pull'"),
    Kind("<!DOCTYPE", "an HTML page", "download the file itself"),
    Kind("<html", "an HTML page", "download the file itself"),
    Kind("{", "JSON text", export),
  ]

  /// Refuses bytes that begin like another kind of file.
  static func check(_ bytes: UnsafeRawBufferPointer) throws(ImportProblem) {
    for kind in kinds where bytes.count >= kind.offset + kind.magic.count {
      let window = bytes[kind.offset..<(kind.offset + kind.magic.count)]
      if window.elementsEqual(kind.magic) {
        throw .otherFormat(name: kind.name, advice: kind.advice)
      }
    }
  }
}
