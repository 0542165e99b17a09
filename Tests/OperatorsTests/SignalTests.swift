import ModelFormat
import TestSupport
import Testing

@testable import Operators

@Suite struct SignalTests {
  @Test func realSignalsNeedNoLastDimension() throws {
    var random = SeededGenerator(seed: 3)
    let elements = random.uniform(2 * 16)
    let op = try #require(Operator.named("STFT"))
    let node = Node(name: "stft", op: "STFT", inputs: [], outputs: [ValueID(0)])
    func transform(_ shape: Shape) throws -> Tensor {
      try op.evaluate(
        node: node,
        inputs: [
          Tensor(elements, shape: shape), Tensor([Int64(4)], shape: []), nil,
          Tensor([Int64(8)], shape: []),
        ])[0]
    }
    let flat = try transform([2, 16])
    #expect(flat.shape == [2, 3, 5, 2])
    #expect(flat.floats() == (try transform([2, 16, 1])).floats())
    #expect(throws: OperatorError.self) { try transform([2, 4, 4]) }
  }
}
