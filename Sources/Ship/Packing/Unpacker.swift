public import ModelFormat

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Takes packed files apart: streaming, in memory that does not grow with the file.
///
/// The target appears under its name when all of it is there, verified and on disk. Until then it grows
/// in `<output>.<digest>.part`; a run that ends early, by whatever cause, is gone on with by the next.
public enum Unpacker {
  /// What was unpacked.
  public struct Report: Sendable, Encodable {
    /// The unpacked file.
    public let path: String
    /// Its size in bytes.
    public let bytes: Int
    /// The digest of the model's file.
    public let digest: String
    /// Bytes that an earlier run had already unpacked.
    public let resumedBytes: Int
  }

  /// Unpacks the file at `path`, or standard input where that is `-`, to `output`.
  ///
  /// - Parameters:
  ///   - base: the file that a delta was made from; nil for a whole file.
  ///   - limit: the most bytes that the result may have.
  ///   - accept: called with the verified file before it gets its name; what it throws keeps it from that.
  ///   - advance: called with the part that is done.
  public static func unpack(
    _ path: String, base: String? = nil, to output: String, limit: Int = .max,
    accept: (ModelFile, _ path: String) throws(ShipError) -> Void = { _, _ in },
    advance: (Double) -> Void = { _ in }
  ) throws(ShipError) -> Report {
    let input = try PackedInput(path)
    let header = try input.header()
    guard header.target.size <= limit else {
      throw .tooLarge(path, bytes: header.target.size, limit: limit)
    }
    switch (base, header.base == .none) {
    case (nil, false): throw .needsBase(path)
    case (.some, true): throw .noDelta(path)
    default: break
    }
    for source in [path, base].compactMap({ $0 }) where AtomicFile.isSameFile(source, output) {
      throw .wouldReplace(output)
    }
    let origin: BaseFile?
    if let base {
      origin = try BaseFile(base, header.base, delta: path)
    } else {
      origin = nil
    }
    let part = try PartFile(output, header)
    do throws(ShipError) {
      let resumed = try part.kept(header)
      try unpack(input, header, from: origin, into: part, keeping: resumed, advance)
      // What an earlier run left may be damaged, too: the next one begins anew.
      guard part.digest == header.target.digest else { throw .resultDiffers(path) }
      let file = try ShipError.opening { () throws(OpenError) in
        try ModelReader.open(path: part.path)
      }
      try accept(file, part.path)
      try part.finish()
      return Report(
        path: output, bytes: header.target.size, digest: file.digest.hexadecimal,
        resumedBytes: resumed)
    } catch {
      part.discard(after: error)
      throw error
    }
  }

  private static func unpack(
    _ input: PackedInput, _ header: PackedHeader, from base: BaseFile?, into part: PartFile,
    keeping kept: Int, _ advance: (Double) -> Void
  ) throws(ShipError) {
    let reader = ChunkReader(baseSize: header.base.size)
    for index in 0..<header.chunks {
      let offset = input.offset
      let record = try input.read(PackedHeader.chunkRecord, header, part)
      let size = record[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
      guard size > 0, size <= PackedHeader.mostPacked else {
        throw .packed(input.path, PackedError(.chunkSize, at: offset, "\(size) bytes"))
      }
      let count = header.size(ofChunk: index)
      try input.fill(reader, size, header, part)
      if (index + 1) * PackedHeader.chunk <= kept || index * PackedHeader.chunk + count <= kept {
        try part.skip(count)
        continue
      }
      var failure: ShipError?
      do throws(PackedError) {
        try reader.unpack(
          size, to: count, digest: Array(record[4...]), at: offset,
          base: { offset, buffer in
            guard let base else { return false }
            do throws(ShipError) { try base.read(offset, into: buffer) } catch { failure = error }
            return failure == nil
          }
        ) { bytes in
          do throws(ShipError) { try part.append(bytes) } catch { failure = error }
        }
      } catch { throw failure ?? .packed(input.path, error) }
      if let failure { throw failure }
      advance(Double(index + 1) / Double(header.chunks))
    }
    try input.requireEnd(header)
  }
}
