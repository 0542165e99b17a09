public import Interpreter
import Kernels
public import Metadata
public import ModelFormat

/// A model that is ready to run, from an ONNX file or from an artifact.
public struct LoadedModel: Sendable {
  /// The path that it was read from.
  public let path: String
  /// The network: shapes known, clean-ups and fusions done.
  public let graph: Graph
  /// What the file says about itself; of an ONNX file only its own entries.
  public let metadata: Metadata
  /// The artifact's layout, or nil for an ONNX file.
  public let file: ModelFile?
  /// Bytes on disk, external data included.
  public let byteCount: Int
  /// Bytes of the constants as the file holds them; the rest of an ONNX file is graph and names.
  public let constantBytes: Int
  /// ONNX's operator set that the model came with; zero where nobody knows.
  public let opset: Int
  /// What the user should know, one line each.
  public let warnings: [String]
  /// What mapped files had lost before this one was mapped.
  let losses = MappedFile.losses

  /// Reads the model at `path`, on `threads` threads; its first bytes tell what it is.
  ///
  /// - Throws: `ConvertError` where the file cannot be read, breaks a rule, or uses what is unknown.
  public init(
    path: String, inputShapes: [String: [Int]] = [:], threads: Int = 1
  ) throws(ConvertError) {
    self.path = path
    let bytes: Bytes
    do throws(FileError) {
      let mapped = MappedFile.Shared(try MappedFile(path: path))
      bytes = Bytes(mapped)
      byteCount = mapped.count
    } catch { throw .file(error) }
    if ModelReader.hasMagic(bytes) || path.hasSuffix(".pare") {
      let file: ModelFile
      let pool = ThreadPool(threads: threads)
      let workers = Workers(count: pool.threads) { pool.run(parts: $0, $1) }
      do throws(ModelError) { file = try ModelReader.read(bytes, workers: workers) } catch {
        throw .opening(.model(path: path, error))
      }
      graph = file.model.graph
      do throws(MetadataError) { metadata = try Metadata(encoded: file.model.metadata) } catch {
        throw .metadata(path: path, error)
      }
      self.file = file
      constantBytes = graph.values.reduce(0) { $0 + ($1.constant?.byteCount ?? 0) }
      opset = metadata.provenance?.source.opset ?? 0
      warnings = []
    } else {
      let source = try ONNXSource(path: path, inputShapes: inputShapes)
      var graph = source.graph
      _ = try GraphPass.run(
        GraphPass.normalization + GraphPass.folding + GraphPass.fusion + GraphPass.finishing,
        on: &graph, path: path)
      self.graph = graph
      constantBytes = source.graph.values.reduce(0) { $0 + ($1.constant?.byteCount ?? 0) }
      metadata = source.metadata
      file = nil
      opset = source.imported.opset
      warnings = source.imported.warnings
    }
  }

  /// Plans the network.
  public func interpreter(
    threads: Int = 1, limits: RunLimits = RunLimits()
  ) throws(ConvertError) -> Interpreter {
    do throws(InterpreterError) {
      return try Interpreter(graph, threads: threads, limits: limits)
    } catch {
      throw .plan(path: path, error)
    }
  }
}

/// An ONNX file that was imported, with what its provenance needs.
struct ONNXSource {
  let imported: ImportedModel
  var graph: Graph { imported.graph }
  let metadata: Metadata

  init(path: String, inputShapes: [String: [Int]]) throws(ConvertError) {
    do throws(ImportError) {
      imported = try ONNXImporter.load(
        path: path, options: ImportOptions(inputShapes: inputShapes))
    } catch { throw .importing(error) }
    var metadata = Metadata()
    metadata.sourceEntries = imported.metadata.sorted { $0.key < $1.key }
      .map { Entry($0.key, $0.value) }
    self.metadata = metadata
  }
}

extension GraphPass {
  /// Runs `passes` in order and returns how many places each changed.
  static func run(
    _ passes: [GraphPass], on graph: inout Graph, path: String
  ) throws(ConvertError) -> [(name: String, changes: Int)] {
    var changes: [(name: String, changes: Int)] = []
    for pass in passes {
      do throws(ConvertError) { changes.append((pass.name, try pass.apply(&graph))) } catch {
        if case .graph(let inner) = error { throw .plan(path: path, inner) }
        throw error
      }
    }
    return changes
  }
}
