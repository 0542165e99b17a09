import Metadata
import ModelFormat

/// What provenance says about the source file.
struct SourceFacts {
  let source: Provenance.Source
  let metadata: Metadata

  init(_ path: String, _ onnx: ONNXSource) throws(ConvertError) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var hash = SHA256()
    var bytes = 0
    do throws(FileError) {
      for file in [path] + onnx.imported.externalDataFiles.map({ folder + $0 }) {
        let mapped = Bytes(MappedFile.Shared(try MappedFile(path: file)))
        bytes += mapped.count
        mapped.withUnsafeBytes { hash.update($0) }
      }
    } catch { throw .file(error) }
    var source = Provenance.Source()
    source.file = path.split(separator: "/").last.map(String.init) ?? path
    source.bytes = bytes
    source.sha256 = hash.finish()
    source.producer = onnx.imported.producer
    source.opset = onnx.imported.opset
    source.irVersion = onnx.imported.irVersion
    self.source = source
    metadata = onnx.metadata
  }
}
