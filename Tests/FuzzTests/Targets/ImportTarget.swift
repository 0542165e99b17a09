import ModelFormat

@testable import Convert

/// What is fuzzed of the importer: reading a model, and every rewrite of an unquantized conversion.
enum ImportTarget {
  /// Imports `bytes` and runs the passes; returns the error in words, or nil.
  @discardableResult static func run(_ bytes: [UInt8]) -> String? {
    do throws(ImportError) {
      var graph = try ONNXImporter.load(
        bytes: bytes, name: "fuzz.onnx", options: ImportOptions(maxBytes: 64 << 20)
      ).graph
      do throws(ConvertError) {
        _ = try GraphPass.run(
          GraphPass.normalization + GraphPass.folding + GraphPass.fusion + GraphPass.finishing,
          on: &graph, path: "fuzz.onnx")
        return nil
      } catch { return error.description }
    } catch { return error.description }
  }
}
