import ModelFormat
import Operators

/// The mean of what layers read, and its mean square: of each channel of an image, of each element of a row.
struct InputMeans: Sendable {
  /// How the elements of one sample lie.
  private enum Order {
    /// Pixels of neighbouring channels.
    case channelsLast(channels: Int)
    /// Planes of one channel each.
    case planes(channels: Int, size: Int)
    /// Rows whose elements are each by themselves.
    case rows(length: Int)
    /// An image whose elements are each by themselves, in the order that a Flatten gives them.
    case flattened(Shape)

    var count: Int {
      switch self {
      case .channelsLast(let channels), .planes(let channels, _): channels
      case .rows(let length): length
      case .flattened(let shape): shape.dimensions[1...].reduce(1, *)
      }
    }
  }

  private let order: Order
  private var sums: [Double]
  /// Sums of squares; empty where nobody asked for them.
  private var squares: [Double] = []
  /// The largest magnitudes; empty where nobody asked for them.
  private(set) var largest: [Float] = []
  private var count = 0.0

  /// Means of the value that `facts` describe, as a layer sees it that reads it as `reader`.
  ///
  /// Nil where the shapes say neither channels nor rows.
  init?(_ facts: ValueFacts, as reader: Shape, squares hasSquares: Bool = false) {
    guard let order = Self.order(facts, reader) else { return nil }
    self.order = order
    sums = [Double](repeating: 0, count: order.count)
    guard hasSquares else { return }
    squares = sums
    largest = [Float](repeating: 0, count: sums.count)
  }

  private static func order(_ facts: ValueFacts, _ reader: Shape) -> Order? {
    let shape = facts.shape
    guard shape.rank >= 2, shape.count > 0 else { return nil }
    let isLast = facts.layout == .channelsLast
    if reader.rank == 2, shape.rank == 4, shape[0] == reader[0] {
      return isLast && shape[2] * shape[3] > 1 ? .flattened(shape) : .rows(length: reader[1])
    }
    guard reader == shape else { return nil }
    switch shape.rank {
    case 2: return .rows(length: shape[1])
    case 3: return .planes(channels: shape[1], size: shape[2])
    case 4:
      return isLast
        ? .channelsLast(channels: shape[1])
        : .planes(channels: shape[1], size: shape[2] * shape[3])
    default: return nil
    }
  }

  /// Takes in the elements of one sample, as they lie.
  mutating func add(_ elements: UnsafeBufferPointer<Float>) {
    guard let base = elements.baseAddress else { return }
    switch order {
    case .channelsLast(let length), .rows(let length):
      addRows(base, length, elements.count / length)
    case .planes(let channels, let size):
      for plane in 0..<(elements.count / size) {
        var (sum, square, most): (Float, Float, Float) = (0, 0, 0)
        let start = base + plane * size
        for index in 0..<size {
          sum += start[index]
          square += start[index] * start[index]
          most = max(most, abs(start[index]))
        }
        let channel = plane % channels
        sums[channel] += Double(sum)
        guard !squares.isEmpty else { continue }
        squares[channel] += Double(square)
        largest[channel] = max(largest[channel], most)
      }
      count += Double(elements.count / channels)
    case .flattened(let shape):
      let (channels, pixels) = (shape[1], shape[2] * shape[3])
      for image in 0..<shape[0] {
        for pixel in 0..<pixels {
          let start = base + (image * pixels + pixel) * channels
          for channel in 0..<channels {
            let (element, place) = (Double(start[channel]), channel * pixels + pixel)
            sums[place] += element
            guard !squares.isEmpty else { continue }
            squares[place] += element * element
            largest[place] = max(largest[place], abs(start[channel]))
          }
        }
      }
      count += Double(shape[0])
    }
  }

  private mutating func addRows(_ base: UnsafePointer<Float>, _ length: Int, _ rows: Int) {
    Self.add(base, length, rows, to: &sums) { $0 }
    if !squares.isEmpty {
      Self.add(base, length, rows, to: &squares) { $0 * $0 }
      largest.withUnsafeMutableBufferPointer { largest in
        for row in 0..<rows {
          let start = base + row * length
          for index in 0..<length { largest[index] = max(largest[index], abs(start[index])) }
        }
      }
    }
    count += Double(rows)
  }

  /// Adds `term` of each element of `rows` rows to the sums.
  private static func add(
    _ base: UnsafePointer<Float>, _ length: Int, _ rows: Int, to sums: inout [Double],
    _ term: (Float) -> Float
  ) {
    // Short sums in single precision, which vectors add up; their sums in double.
    let most = 256
    var part = [Float](repeating: 0, count: length)
    for first in stride(from: 0, to: rows, by: most) {
      part.withUnsafeMutableBufferPointer { part in
        for index in 0..<length { part[index] = 0 }
        for row in first..<min(rows, first + most) {
          let start = base + row * length
          for index in 0..<length { part[index] += term(start[index]) }
        }
      }
      for index in 0..<length { sums[index] += Double(part[index]) }
    }
  }

  /// The means of all samples so far.
  var means: [Float] { sums.map { Float($0 / max(count, 1)) } }

  /// The roots of the mean squares of all samples so far; empty where they were not asked for.
  var rootMeanSquares: [Float] { squares.map { Float(($0 / max(count, 1)).squareRoot()) } }
}
