import CProtobufC
import CSchemas
public import ModelFormat

/// Reads files that hold one ONNX `TensorProto`, as the ONNX project's test data do.
public enum ONNXTensorFile {
  /// The name (possibly empty) and the data of the tensor in the file at `path`.
  ///
  /// - Throws: `ImportError` where the file cannot be read or holds no supported tensor.
  public static func read(
    path: String
  ) throws(ImportError) -> (name: String, tensor: Tensor) {
    do throws(ImportProblem) {
      let source: ModelSource
      do throws(FileError) {
        source = .mapped(MappedFile.Shared(try MappedFile(path: path)))
      } catch {
        throw .file(error)
      }
      let message = try source.withUnsafeBytes { bytes throws(ImportProblem) in
        try ONNXDescriptor.withMessage(
          ONNXDescriptor.tensor, as: Onnx__TensorProto.self, in: bytes
        ) { message throws(ImportProblem) in try ONNXTensor(message) }
      }
      var reader = TensorReader(source: source, folder: nil, maxBytes: Int.max)
      let name = NameTable.clean(message.name)
      return (name, try reader.tensor(message, named: name))
    } catch {
      throw ImportError(path: path, problem: error)
    }
  }
}
