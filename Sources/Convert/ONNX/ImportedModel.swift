public import ModelFormat

/// What the user says about a model beyond what its file says.
public struct ImportOptions: Sendable {
  /// Extents for graph inputs by name, from `--input-shape`.
  public var inputShapes: [String: [Int]]
  /// The most bytes that sparse tensors may take when they are expanded.
  ///
  /// A small file is granted less: 64 MiB and 64 times its size.
  public var maxBytes: Int

  /// Options with the given values.
  public init(inputShapes: [String: [Int]] = [:], maxBytes: Int = 8 << 30) {
    self.inputShapes = inputShapes
    self.maxBytes = maxBytes
  }
}

/// A model as it was in its ONNX file, in the newest form of every operator.
///
/// Types and shapes are known for inputs and constants alone; everything else has type float32 and
/// no shape until shape inference has run. Half-precision inputs, constants and casts have type
/// float32, while the tensors of constants stay stored as they are.
public struct ImportedModel: Sendable {
  /// The network: nodes in topological order, names unique.
  public var graph: Graph
  /// The version of ONNX's operators that the file asks for.
  public var opset: Int
  /// The version of ONNX's file format.
  public var irVersion: Int
  /// The program that wrote the file, with its version where given.
  public var producer: String
  /// The descriptive pairs in the file.
  public var metadata: [String: String]
  /// Paths of the external data files that are in use, relative to the model's folder, sorted.
  public var externalDataFiles: [String]
  /// What the user should know, one line each.
  public var warnings: [String]
}
