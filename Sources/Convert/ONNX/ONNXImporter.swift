import CProtobufC
import CSchemas
import ModelFormat

/// Reads ONNX models.
///
/// The file is mapped, and the data of tensors stay in it until somebody reads them. A file may be
/// hostile: whatever its bytes, the result is a model or an error, within memory that the size of
/// the file justifies.
public enum ONNXImporter {
  /// The versions of ONNX's operators that are known.
  public static let opsets = 1...28

  /// The model in the file at `path`.
  ///
  /// - Throws: `ImportError` where the file cannot be read, breaks ONNX's rules, or uses what is not
  ///   supported; missing operators are named all at once.
  public static func load(
    path: String, options: ImportOptions = ImportOptions()
  ) throws(ImportError) -> ImportedModel {
    let losses = MappedFile.losses
    do throws(ImportProblem) {
      let source: ModelSource
      do throws(FileError) {
        source = .mapped(MappedFile.Shared(try MappedFile(path: path)))
      } catch {
        throw .file(error)
      }
      let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
      let model = try load(source, folder: folder, options)
      guard MappedFile.losses == losses else { throw .file(.lost(path: path)) }
      return model
    } catch {
      // What is lost reads as zeros, which are some error or none.
      let isLost = MappedFile.losses != losses
      throw ImportError(path: path, problem: isLost ? .file(.lost(path: path)) : error)
    }
  }

  /// The model in `bytes`; it cannot have external data.
  ///
  /// `name` stands for the file in errors.
  public static func load(
    bytes: [UInt8], name: String, options: ImportOptions = ImportOptions()
  ) throws(ImportError) -> ImportedModel {
    do throws(ImportProblem) {
      return try load(.memory(bytes), folder: nil, options)
    } catch {
      throw ImportError(path: name, problem: error)
    }
  }

  private static func load(
    _ source: ModelSource, folder: String?, _ options: ImportOptions
  ) throws(ImportProblem) -> ImportedModel {
    var model = try source.withUnsafeBytes { bytes throws(ImportProblem) in
      try FileKind.check(bytes)
      return try ONNXDescriptor.withMessage(
        ONNXDescriptor.model, as: Onnx__ModelProto.self, in: bytes
      ) { message throws(ImportProblem) in try ONNXModel(message) }
    }
    guard model.irVersion >= 3 else { throw .irVersion(model.irVersion) }
    // A model without operators of ONNX's own need not say which version of them it means.
    let isForeign = !model.opsets.isEmpty && model.graph.nodes.allSatisfy { !$0.domain.isEmpty }
    guard let version = model.opsets[""] ?? (isForeign ? Int64(opsets.upperBound) : nil) else {
      throw .missingOpset
    }
    guard let opset = Int(exactly: version), opset >= opsets.lowerBound, opset < 1 << 16 else {
      throw .opset(version)
    }
    var warnings: [String] = []
    if opset > opsets.upperBound {
      warnings.append(
        "opset \(opset) is newer than \(opsets.upperBound): operators are read as of opset "
          + "\(opsets.upperBound); verify the outputs against the original")
    }
    model.graph = try FunctionExpansion.graph(of: model)
    try OperatorCheck.check(model, opset: opset)
    var assembly = GraphAssembly(
      model, opset: opset,
      tensors: TensorReader(source: source, folder: folder, maxBytes: options.maxBytes))
    let graph = try assembly.graph(options)
    return ImportedModel(
      graph: graph, opset: opset, irVersion: Int(clamping: model.irVersion),
      producer: model.producer, metadata: model.metadata,
      externalDataFiles: assembly.externalFiles, warnings: warnings)
  }
}
