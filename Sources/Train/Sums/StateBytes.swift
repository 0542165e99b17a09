/// Why bytes do not restore what they are given to.
public enum StateError: Error, Hashable, Sendable, CustomStringConvertible {
  /// They end too early, or are none of ours.
  case damaged
  /// They are the state of something of another kind, rule or size.
  case other

  /// The reason in words.
  public var description: String {
    switch self {
    case .damaged: "the saved state is damaged"
    case .other: "the saved state belongs to other parameters or another optimizer"
    }
  }
}

/// Numbers as little-endian bytes, one behind the other.
struct StateWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ numbers: [Float]) {
    append(UInt64(numbers.count))
    bytes.reserveCapacity(bytes.count + 4 * numbers.count)
    for number in numbers {
      withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
  }
}

/// Reads what `StateWriter` wrote; refuses what is short.
struct StateReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func number() throws(StateError) -> UInt64 {
    guard bytes.count - place >= 8 else { throw .damaged }
    defer { place += 8 }
    return UInt64(
      littleEndian: bytes.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      })
  }

  /// Floats, as many as `count` says, or else they belong to something else.
  mutating func floats(_ count: Int) throws(StateError) -> [Float] {
    guard try number() == UInt64(count) else { throw .other }
    guard (bytes.count - place) / 4 >= count else { throw .damaged }
    defer { place += 4 * count }
    return bytes.withUnsafeBytes { raw in
      (0..<count).map {
        Float(
          bitPattern: UInt32(
            littleEndian: raw.loadUnaligned(fromByteOffset: place + 4 * $0, as: UInt32.self)))
      }
    }
  }

  /// Requires that all was read.
  func end() throws(StateError) { if place != bytes.count { throw .damaged } }
}
