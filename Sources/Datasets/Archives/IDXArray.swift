import ModelFormat

/// The unsigned bytes of an IDX file, which may be packed by gzip.
struct IDXArray: Sendable {
  /// The path, for errors.
  let name: String
  /// One to four extents, outermost first.
  let extents: [Int]
  private let bytes: Bytes
  private let headerSize: Int

  /// The array in `file`.
  ///
  /// A packed one is inflated as a whole, a plain one stays where it is.
  ///
  /// - Throws: `DatasetError`, naming `name`, where it is no IDX file of bytes, or where its header
  ///   does not agree with its size.
  init(_ file: Bytes, name: String) throws(DatasetError) {
    self.name = name
    let (header, bytes) = try file.withUnsafeBytes { (buffer) throws(DatasetError) in
      guard FileFormat(buffer) == .gzip else {
        return (try Self.header(buffer, name), nil as [UInt8]?)
      }
      let start = Inflater.start(of: buffer, wrapping: .gzip, count: Self.longestHeader)
      let header = try start.withRawBytes { (buffer) throws(DatasetError) in
        try Self.header(buffer, name)
      }
      let size = header.size + header.count
      return (
        header, try Inflater.inflate(buffer, wrapping: .gzip, size: size, name: name)
      )
    }
    self.bytes = bytes.map(Bytes.init) ?? file
    extents = header.extents
    headerSize = header.size
    guard self.bytes.count == header.size + header.count else {
      throw .damaged(
        name: name,
        reason:
          "its header states \(header.count) bytes, but \(self.bytes.count - header.size) follow")
    }
  }

  /// The elements from position `start`, which with `count` lies within the array.
  func elements(from start: Int, count: Int) -> [UInt8] {
    bytes.withUnsafeBytes { [UInt8]($0.dropFirst(headerSize + start).prefix(count)) }
  }

  /// Bytes of the magic number and four extents.
  private static let longestHeader = 20

  private static func header(
    _ bytes: UnsafeRawBufferPointer, _ name: String
  ) throws(DatasetError) -> (extents: [Int], size: Int, count: Int) {
    guard FileFormat(bytes) == .idx, let rank = bytes.at(3) else {
      throw .unsupported(
        name: name, feature: "a file that is no IDX of bytes", remedy: "unpack it first")
    }
    var extents: [Int] = []
    var count = 1
    for axis in 0..<Int(rank) {
      guard let extent = bytes.big(4 + 4 * axis, as: UInt32.self) else {
        throw .damaged(name: name, reason: "its header is cut short")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: Int(extent))
      guard !overflow, product <= Limits.elements else {
        throw .damaged(name: name, reason: "its header states more elements than a file can hold")
      }
      count = product
      extents.append(Int(extent))
    }
    return (extents, 4 + 4 * Int(rank), count)
  }
}
