public import Kernels

/// The exponential moving average of parameters, which is often better than where training ends.
///
/// It is a mean from the first step on, as if it had always run (Kingma and Ba, 2015, section 3): step `t`
/// weighs `(1 − d) / (1 − dᵗ)`, and the average of what was before keeps the rest.
public final class MovingAverage {
  /// The part that stays in a step, below 1: 1 over (1 − decay) is about the steps that the mean goes back.
  public let decay: Double
  /// Steps averaged.
  public private(set) var steps = 0
  /// The means, for each parameter.
  public private(set) var values: [[Float]]

  /// An average of parameters of so many weights each.
  public init(decay: Double, counts: [Int]) {
    self.decay = decay
    values = counts.map { [Float](repeating: 0, count: $0) }
  }

  /// Adds the parameters as they are now; as many as there were, of the same sizes.
  public func update(_ parameters: [UnsafeBufferPointer<Float>], pool: ThreadPool) {
    precondition(
      parameters.map({ $0.count }) == values.map({ $0.count }),
      "parameters are not those that the average was made for")
    steps += 1
    let share = Float((1 - decay) / (1 - Double.power(decay, Double(steps))))
    for (index, parameter) in parameters.enumerated() {
      values[index].withUnsafeMutableBufferPointer { values in
        let values = values
        pool.pieces(of: values.count) { range in
          for i in range { values[i] += share * (parameter[i] - values[i]) }
        }
      }
    }
  }

  /// The average as bytes, for one that goes on from there.
  public var state: [UInt8] {
    var writer = StateWriter()
    writer.append(UInt64(steps))
    writer.append(UInt64(values.count))
    for values in values { writer.append(values) }
    return writer.bytes
  }

  /// Takes over the state of an average of parameters of the same sizes.
  ///
  /// - Throws: `StateError`; the average is then as it was.
  public func restore(_ state: [UInt8]) throws(StateError) {
    var reader = StateReader(state)
    let steps = try reader.integer(0...1 << 48)
    guard try reader.number() == UInt64(values.count) else { throw .other }
    var restored: [[Float]] = []
    for values in values { restored.append(try reader.floats(values.count)) }
    try reader.end()
    self.steps = steps
    values = restored
  }
}
