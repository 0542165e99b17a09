import Interpreter
import Train

/// Samples in random order, then in another one, and so on.
struct SampleOrder {
  /// What is in the order.
  let indices: [Int]
  private let stream: RandomStream
  /// The item of the stream that the first order is drawn from; others count down from there.
  private let first: Int
  private var rest: [Int] = []
  private var turn = 0

  init(_ indices: [Int], _ stream: RandomStream, first: Int) {
    (self.indices, self.stream, self.first) = (indices, stream, first)
  }

  /// The next sample; there is at least one.
  mutating func next() -> Int {
    if rest.isEmpty {
      rest = indices
      var random = stream.stream(first - turn)
      random.shuffle(&rest)
      turn += 1
    }
    return rest.removeLast()
  }

  func append(to writer: inout StateWriter) {
    writer.append(turn)
    writer.append(rest)
  }

  /// The same samples where another order of them was written.
  func restored(from reader: inout StateReader) throws(StateError) -> SampleOrder {
    var order = self
    order.turn = try reader.integer(0...1 << 48)
    order.rest = try reader.integers()
    let known = Set(indices)
    guard order.rest.count <= indices.count, order.rest.allSatisfy({ known.contains($0) }) else {
      throw .other
    }
    return order
  }
}
