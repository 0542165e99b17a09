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
    case .other: "the saved state belongs to something of another kind or size"
    }
  }
}

/// Numbers as little-endian bytes, one behind the other.
public struct StateWriter {
  /// What was written.
  public private(set) var bytes: [UInt8] = []

  /// A writer with nothing written.
  public init() {}

  /// Writes 64 bits.
  public mutating func append(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Writes an integer as 64 bits.
  public mutating func append(_ number: Int) { append(UInt64(bitPattern: Int64(number))) }

  /// Writes the bits of a number.
  public mutating func append(_ number: Double) { append(number.bitPattern) }

  /// Writes one or zero, as 64 bits.
  public mutating func append(_ flag: Bool) { append(UInt64(flag ? 1 : 0)) }

  /// Writes how many there are, then the bits of each.
  public mutating func append(_ numbers: UnsafeBufferPointer<Float>) {
    append(UInt64(numbers.count))
    #if _endian(little)
    bytes.append(contentsOf: UnsafeRawBufferPointer(numbers))
    #else
    for number in numbers {
      withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    #endif
  }

  /// Writes how many there are, then the bits of each.
  public mutating func append(_ numbers: [Float]) {
    numbers.withUnsafeBufferPointer { append($0) }
  }

  /// Writes how many there are, then each as 64 bits.
  public mutating func append(_ numbers: [Int]) {
    append(UInt64(numbers.count))
    for number in numbers { append(number) }
  }

  /// Writes how many there are, then the bits of each.
  public mutating func append(_ numbers: [Double]) {
    append(UInt64(numbers.count))
    for number in numbers { append(number) }
  }

  /// Writes how many there are, then the bytes.
  public mutating func append(_ block: [UInt8]) {
    append(UInt64(block.count))
    bytes.append(contentsOf: block)
  }
}

/// Reads what `StateWriter` wrote; refuses what is short.
///
/// No count is believed before there are so many bytes.
public struct StateReader {
  private let bytes: [UInt8]
  private var place = 0

  /// A reader of all of `bytes`.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next 64 bits.
  public mutating func number() throws(StateError) -> UInt64 {
    guard bytes.count - place >= 8 else { throw .damaged }
    defer { place += 8 }
    return word(at: place)
  }

  /// The next integer.
  public mutating func integer() throws(StateError) -> Int {
    Int(truncatingIfNeeded: try number())
  }

  /// The next integer, which lies in `range`.
  public mutating func integer(_ range: ClosedRange<Int>) throws(StateError) -> Int {
    let number = try integer()
    guard range.contains(number) else { throw .damaged }
    return number
  }

  /// The next number, of any bits.
  public mutating func double() throws(StateError) -> Double { Double(bitPattern: try number()) }

  /// The next flag: one or zero.
  public mutating func flag() throws(StateError) -> Bool { try integer(0...1) == 1 }

  /// Floats, as many as `count` says, or else they belong to something else.
  public mutating func floats(_ count: Int) throws(StateError) -> [Float] {
    guard try number() == UInt64(count) else { throw .other }
    guard (bytes.count - place) / 4 >= count else { throw .damaged }
    defer { place += 4 * count }
    return bytes.withUnsafeBytes { raw in
      [Float](unsafeUninitializedCapacity: count) { out, initialized in
        for index in 0..<count {
          out[index] = Float(
            bitPattern: UInt32(
              littleEndian: raw.loadUnaligned(fromByteOffset: place + 4 * index, as: UInt32.self)))
        }
        initialized = count
      }
    }
  }

  /// A list of integers.
  public mutating func integers() throws(StateError) -> [Int] {
    let count = try count(of: 8)
    defer { place += 8 * count }
    return (0..<count).map { Int(truncatingIfNeeded: word(at: place + 8 * $0)) }
  }

  /// A list of numbers.
  public mutating func doubles() throws(StateError) -> [Double] {
    let count = try count(of: 8)
    defer { place += 8 * count }
    return (0..<count).map { Double(bitPattern: word(at: place + 8 * $0)) }
  }

  /// A block of bytes.
  public mutating func block() throws(StateError) -> [UInt8] {
    let count = try count(of: 1)
    defer { place += count }
    return [UInt8](bytes[place..<place + count])
  }

  /// Requires that all was read.
  public func end() throws(StateError) { if place != bytes.count { throw .damaged } }

  /// How many elements of `size` bytes follow.
  private mutating func count(of size: Int) throws(StateError) -> Int {
    guard let count = Int(exactly: try number()), count <= (bytes.count - place) / size else {
      throw .damaged
    }
    return count
  }

  private func word(at place: Int) -> UInt64 {
    UInt64(
      littleEndian: bytes.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      })
  }
}
