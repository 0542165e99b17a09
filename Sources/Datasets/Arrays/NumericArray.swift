public import ModelFormat

/// A dense array of numbers as numpy holds it: row-major, little-endian.
public struct NumericArray: Hashable, Sendable {
  /// The type of the elements.
  public let type: ElementType
  /// The extents, outermost first.
  public let shape: Shape
  /// `shape.count * type.size` bytes.
  public let bytes: [UInt8]

  /// An array of the given elements.
  ///
  /// - Throws: `DatasetError.sizeMismatch` where the bytes are not as many as type and shape need.
  public init(type: ElementType, shape: Shape, bytes: [UInt8]) throws(DatasetError) {
    // No overflow: `Limits.elements` times 8 bytes fits.
    let expected = shape.checkedCount.map { $0 * type.size }
    guard expected == bytes.count else {
      throw .sizeMismatch(expected: expected ?? Limits.elements, actual: bytes.count)
    }
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }
}
