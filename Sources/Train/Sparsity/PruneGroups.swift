import Kernels
public import ModelFormat

/// Which weights of a tensor [outputs, inputs, kernel…] go together.
public struct PruneGroups: Sendable, Hashable {
  /// How weights are grouped.
  public enum Form: Sendable, Hashable {
    /// Each goes by itself.
    case single
    /// So many neighbours along the input channels, of one output and one position of the kernel, go together.
    case block(Int)
    /// Blocks of four, of which 16 outputs keep as many within each `BlockSegments` segment, so that integer
    /// kernels skip them; blocks of one rank within their outputs go together.
    case balancedBlock
    /// Each by itself, and at most `zeros` among `of` neighbours along the input channels.
    case pattern(zeros: Int, of: Int)
  }

  /// How weights are grouped.
  public let form: Form
  /// Output channels, input channels, and positions of the kernel.
  let outputs: Int, inputs: Int, positions: Int

  /// The groups of a tensor; nil where its input channels do not divide into them.
  public init?(_ form: Form, _ shape: Shape) {
    guard shape.rank >= 2, shape.count > 0 else { return nil }
    outputs = shape[0]
    inputs = shape[1]
    positions = shape.dimensions[2...].reduce(1, *)
    self.form = form
    switch form {
    case .single: break
    case .block(let size): if size < 1 || inputs % size != 0 { return nil }
    case .balancedBlock: if inputs % 4 != 0 { return nil }
    case .pattern(let zeros, let of):
      if of < 1 || inputs % of != 0 || !(0...of).contains(zeros) { return nil }
    }
  }

  /// Weights of the tensor.
  public var count: Int { outputs * inputs * positions }

  /// What can still go: units of weights, each with the mean of their scores.
  ///
  /// Weights that `mask` leaves out have gone: they are in no unit, and count where a form bounds their number.
  func units(_ scores: UnsafeBufferPointer<Float>, _ mask: WeightMask) -> PruneUnits {
    var units = PruneUnits()
    switch form {
    case .single:
      for index in 0..<count where mask[index] { units.append(index, scores[index]) }
    case .block(let size):
      forEachBlock(size) { first in
        let members = members(first, size).filter { mask[$0] }
        if !members.isEmpty { units.append(members, mean(members, scores)) }
      }
    case .balancedBlock: appendRanks(to: &units, scores, mask)
    case .pattern(let zeros, let of):
      forEachBlock(of) { first in
        let members = members(first, of)
        let alive = members.filter { mask[$0] }.sorted {
          (scores[$0], $0) < (scores[$1], $1)
        }
        for index in alive.prefix(max(0, zeros - (of - alive.count))) {
          units.append(index, scores[index])
        }
      }
    }
    return units
  }

  /// Units of blocks that have one rank within their outputs, the last first.
  private func appendRanks(
    to units: inout PruneUnits, _ scores: UnsafeBufferPointer<Float>, _ mask: WeightMask
  ) {
    let segments = BlockSegments(quads: inputs / 4)
    for top in stride(from: 0, to: outputs, by: BlockSegments.outputs) {
      for segment in 0..<segments.count {
        for position in 0..<positions {
          let ranked = (top..<min(outputs, top + BlockSegments.outputs)).map { row in
            segments.range(segment).map { quad in
              let members = members((row * inputs + quad * 4) * positions + position, 4)
              // What has gone ranks behind all that has not.
              let isGone = members.allSatisfy { !mask[$0] }
              return (members: members, score: isGone ? -Float.infinity : mean(members, scores))
            }.sorted { ($1.score, $0.members[0]) < ($0.score, $1.members[0]) }
          }
          for rank in segments.range(segment).indices {
            let place = rank - segments.range(segment).lowerBound
            let members = ranked.flatMap { $0[place].members }.filter { mask[$0] }
            if !members.isEmpty { units.append(members, mean(members, scores)) }
          }
        }
      }
    }
  }

  private func forEachBlock(_ size: Int, _ body: (_ first: Int) -> Void) {
    for row in 0..<outputs {
      for channel in stride(from: 0, to: inputs, by: size) {
        for position in 0..<positions { body((row * inputs + channel) * positions + position) }
      }
    }
  }

  private func members(_ first: Int, _ size: Int) -> [Int] {
    (0..<size).map { first + $0 * positions }
  }

  private func mean(_ members: [Int], _ scores: UnsafeBufferPointer<Float>) -> Float {
    members.reduce(0) { $0 + scores[$1] } / Float(members.count)
  }
}

/// Sets of weights that go together, each with a score.
struct PruneUnits {
  /// The score of each unit.
  private(set) var scores: [Float] = []
  private var members: [Int] = []
  private var ends: [Int] = []

  mutating func append(_ index: Int, _ score: Float) {
    members.append(index)
    ends.append(members.count)
    scores.append(score)
  }

  mutating func append(_ indices: [Int], _ score: Float) {
    members += indices
    ends.append(members.count)
    scores.append(score)
  }

  /// The weights of a unit.
  subscript(unit: Int) -> ArraySlice<Int> {
    members[(unit == 0 ? 0 : ends[unit - 1])..<ends[unit]]
  }
}
