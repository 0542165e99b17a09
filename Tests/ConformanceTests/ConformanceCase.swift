import CProtobufC
import CSchemas
import Foundation
import Interpreter
import ModelFormat

@testable import Convert

/// One case of ONNX's own backend tests: a model, inputs, and the outputs that they must give.
struct ConformanceCase: Sendable, Comparable {
  /// The folder of the collection, which stands for where the cases come from: `node`, `simple`, ...
  let collection: String
  /// The name of the case's folder.
  let name: String

  /// Debian's package `libonnx-testdata`.
  static let root = "/usr/share/libonnx-testdata/data"

  /// All cases with stored data, sorted; empty where the package is not installed.
  ///
  /// The cases in `real` have only addresses of models, and are left out.
  static let all: [ConformanceCase] = ["node", "pytorch-converted", "pytorch-operator", "simple"]
    .flatMap { collection in
      let names = try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(collection)")
      return (names ?? []).map { ConformanceCase(collection: collection, name: $0) }
    }.sorted()

  static func < (a: ConformanceCase, b: ConformanceCase) -> Bool { a.id < b.id }

  /// The name in lists: `collection/name`.
  var id: String { "\(collection)/\(name)" }

  private var folder: String { "\(Self.root)/\(id)" }

  /// Runs the model as an unquantized conversion would leave it, and compares its outputs.
  ///
  /// - Throws: `Failure`, or the error of what could not be done.
  func run() throws {
    let path = "\(folder)/model.onnx"
    let graph = try Self.graph(path)
    let inputs = Self.inputs(graph)
    var sets = 0
    while let given = try tensors("input", of: inputs, sets),
      let wanted = try tensors("output", of: graph.outputs, sets)
    {
      guard given.count <= inputs.count else {
        throw Failure("has \(given.count) inputs on file for \(inputs.count) of the model")
      }
      var shapes: [String: [Int]] = [:]
      for (input, tensor) in zip(inputs, given) where input.dimensions?.contains(nil) ?? true {
        shapes[input.name] = tensor.shape.dimensions
      }
      let interpreter = try LoadedModel(path: path, inputShapes: shapes).interpreter()
      guard interpreter.inputs.count == given.count else {
        throw Failure("takes \(interpreter.inputs.count) inputs, \(given.count) are on file")
      }
      for (index, tensor) in given.enumerated() { try interpreter.set(index, tensor) }
      try interpreter.run()
      guard interpreter.outputs.count == wanted.count else {
        throw Failure("gives \(interpreter.outputs.count) outputs, \(wanted.count) are on file")
      }
      for (index, tensor) in wanted.enumerated() {
        if let difference = OutputDifference(interpreter.tensor(index), tensor) {
          throw Failure("output '\(interpreter.outputs[index].name)' \(difference.words)")
        }
      }
      sets += 1
    }
    guard sets > 0 else { throw Failure("there are no data") }
  }

  /// The operator that the case is about, with its domain; outside of `node`, what the name says.
  var subject: String {
    if collection != "node" {
      let words = name.split(separator: "_")
      return String(words.first { $0 != "test" && $0 != "operator" } ?? "")
    }
    // An operator written out in others belongs to the operator.
    let whole = name.firstRange(of: "_expanded").map { String(name[..<$0.lowerBound]) } ?? name
    let path = "\(Self.root)/\(collection)/\(whole)/model.onnx"
    let graph = (try? Self.graph(path)) ?? (try? Self.graph("\(folder)/model.onnx"))
    guard let node = graph?.nodes.last else { return "?" }
    return (node.domain.isEmpty ? "" : node.domain + ".") + node.op
  }

  /// The graph in the file at `path`.
  private static func graph(_ path: String) throws -> ONNXGraph {
    try Bytes([UInt8](try Data(contentsOf: URL(filePath: path)))).withUnsafeBytes {
      bytes throws(ImportProblem) in
      try ONNXDescriptor.withMessage(
        ONNXDescriptor.model, as: Onnx__ModelProto.self, in: bytes
      ) { message throws(ImportProblem) in try ONNXModel(message).graph }
    }
  }

  /// The inputs that the caller of the model gives, in order.
  private static func inputs(_ graph: ONNXGraph) -> [ONNXValueInfo] {
    let constants = Set(
      graph.initializers.map(\.name) + graph.sparseInitializers.map(\.values.name))
    return graph.inputs.filter { !constants.contains($0.name) }
  }

  /// The tensors `kind_0.pb`, `kind_1.pb` and so on for `values`; nil where data set `set` is not there.
  private func tensors(
    _ kind: String, of values: [ONNXValueInfo], _ set: Int
  ) throws -> [Tensor]? {
    let folder = "\(folder)/test_data_set_\(set)"
    guard FileManager.default.fileExists(atPath: folder) else { return nil }
    var tensors: [Tensor] = []
    while true {
      let path = "\(folder)/\(kind)_\(tensors.count).pb"
      guard FileManager.default.fileExists(atPath: path) else { return tensors }
      var tensor = try ONNXTensorFile.read(path: path).tensor
      // numpy has no bfloat16: its bits are on file as uint16.
      let type = tensors.count < values.count ? values[tensors.count].type : nil
      if tensor.type == .uint16, type == Int32(ElementType.bfloat16.rawValue) {
        tensor = Tensor(type: .bfloat16, shape: tensor.shape, bytes: tensor.dense)
      }
      tensors.append(tensor)
    }
  }
}

/// What a case did wrong.
struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension Interpreter {
  /// Fills input `index`; half precision is widened as the importer does.
  fileprivate func set(_ index: Int, _ tensor: Tensor) throws {
    let port = inputs[index]
    guard tensor.shape == port.shape, tensor.type.logical == port.type else {
      throw Failure(
        "input '\(port.name)' is \(port.type.name) \(port.shape), "
          + "on file \(tensor.type.name) \(tensor.shape)")
    }
    let bytes =
      tensor.type == port.type ? tensor.dense : Bytes(elements: tensor.floats())
    var result: Result<Void, InterpreterError> = .success(())
    bytes.withUnsafeBytes { buffer in
      do throws(InterpreterError) { try setInput(index, buffer) } catch { result = .failure(error) }
    }
    try result.get()
  }

  /// Output `index` as a tensor.
  fileprivate func tensor(_ index: Int) -> Tensor {
    Tensor(
      type: outputs[index].type, shape: outputs[index].shape, bytes: Bytes([UInt8](output(index))))
  }
}
