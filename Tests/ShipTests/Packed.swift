import Foundation
import ModelFormat
import TestSupport

@testable import Ship

/// Files to pack, and their packed forms in memory.
enum Packed {
  /// A small file with sparse, quantized and float constants.
  static let model = Model(graph: SampleGraphs.mixed(), metadata: Bytes([]), release: 3)
  static let file = ModelWriter(model).bytes()

  /// The same with another release and another scale in one of its tensors.
  static let changed: [UInt8] = {
    var model = Self.model
    model.release = 4
    for index in model.graph.values.indices {
      guard let tensor = model.graph.values[index].constant, tensor.type == .float32 else {
        continue
      }
      let floats = tensor.floats().map { $0 * 1.001 }
      model.graph.values[index].constant = Tensor(floats, shape: tensor.shape).encoded()
    }
    return ModelWriter(model).bytes()
  }()

  static func source(_ bytes: [UInt8]) throws -> PackedSource {
    PackedSource(try ModelReader.read(Bytes(bytes)), bytes)
  }

  /// The wire form of `bytes`, or the difference from `base`.
  static func pack(_ bytes: [UInt8], from base: [UInt8]? = nil) throws -> [UInt8] {
    try Packer.pack(source(bytes), from: base.map { try source($0) }).flatMap(\.array)
  }

  /// Writes `bytes` to `name` in `folder`.
  static func write(_ bytes: [UInt8], _ name: String, in folder: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(bytes).write(to: URL(filePath: path))
    return path
  }

  static func read(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path)))
  }

  /// Unpacks `bytes`, a delta from `base`, in a folder of its own; the result, or the error.
  static func unpack(_ bytes: [UInt8], base: [UInt8]? = nil) throws -> [UInt8] {
    try withTemporaryFolder { folder in
      let packed = try write(bytes, "a.parez", in: folder)
      let base = try base.map { try write($0, "base.pare", in: folder) }
      _ = try Unpacker.unpack(packed, base: base, to: folder + "/out.pare")
      return try read(folder + "/out.pare")
    }
  }

  /// `packed` with other bytes in its first chunk's pieces, whose digest is put right.
  static func forge(_ packed: [UInt8], _ change: (inout [UInt8]) -> Void) -> [UInt8] {
    let first = PackedHeader.size
    let size = packed[first..<(first + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = first + PackedHeader.chunkRecord
    var pieces = Array(packed[start..<(start + size)])
    change(&pieces)
    let record =
      withUnsafeBytes(of: UInt32(pieces.count).littleEndian) { [UInt8]($0) }
      + SHA256.digest(pieces)
    return packed[..<first] + record + pieces + packed[(start + size)...]
  }

  /// `packed` with other bytes in its header, whose checksum is put right.
  static func forgeHeader(_ packed: [UInt8], _ change: (inout [UInt8]) -> Void) -> [UInt8] {
    var header = Array(packed[..<124])
    change(&header)
    let checksum = withUnsafeBytes(of: CRC32.checksum(header).littleEndian) { [UInt8]($0) }
    return header + checksum + packed[128...]
  }
}
