/// The extents of a tensor, outermost dimension first; rank 0 is a scalar.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral {
  /// Extents, each zero or more.
  public var dimensions: [Int]

  /// A shape with the given extents.
  public init(_ dimensions: [Int]) { self.dimensions = dimensions }

  /// A shape written as a literal, for example `[1, 3, 224, 224]`.
  public init(arrayLiteral elements: Int...) { dimensions = elements }

  /// The number of dimensions.
  public var rank: Int { dimensions.count }

  /// The extent of dimension `axis`, counted from the outermost.
  public subscript(axis: Int) -> Int {
    get { dimensions[axis] }
    set { dimensions[axis] = newValue }
  }

  /// The number of elements, or nil where an extent is negative or the product exceeds
  /// `Limits.elements`.
  ///
  /// Extents of zero do not hide the others: no product of some extents of a shape that passes can
  /// overflow either.
  public var checkedCount: Int? {
    var product = 1
    for extent in dimensions {
      guard extent >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: max(1, extent))
      guard !overflow, next <= Limits.elements else { return nil }
      product = next
    }
    return dimensions.contains(0) ? 0 : product
  }

  /// The number of elements of a shape that was checked where it entered the program.
  public var count: Int { dimensions.reduce(1, &*) }

  /// Elements between neighbours along each dimension in row-major order.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] &* dimensions[axis + 1]
    }
    return strides
  }

  /// `axis` counted from the front, or nil where it lies outside `-rank ..< rank`.
  public func normalized(axis: Int) -> Int? {
    let index = axis < 0 ? axis + rank : axis
    return index >= 0 && index < rank ? index : nil
  }
}

extension Shape: CustomStringConvertible {
  /// The extents as `1x3x224x224`; a scalar is `scalar`.
  public var description: String {
    rank == 0 ? "scalar" : dimensions.map(String.init).joined(separator: "x")
  }
}
