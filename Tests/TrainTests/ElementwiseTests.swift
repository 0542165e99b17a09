import ModelFormat
import TestSupport
import Testing

@testable import Train

@Suite struct ElementwiseDerivativeTests {
  @Test func addOfWhatIsBroadcast() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 3, 4, 5])
    let bias = builder.weights(3, 1, 1)
    let other = builder.weights(1, 1, 4, 1)
    let sum = builder.node("Add", x, bias)
    let y = builder.node("Add", other, builder.node("Add", sum, sum))
    try GradientCheck(graph: builder.finish(y), parameters: [bias, other]).run()
  }

  @Test func reluAndClip() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 40])
    let bias = builder.weights(40)
    let low = builder.constant(Tensor([-0.5], shape: []))
    let high = builder.constant(Tensor([0.75], shape: []))
    let sum = builder.node("Add", x, bias)
    let y = builder.node(
      "Add", builder.node("Relu", sum), builder.node("Clip", sum, low, high))
    try GradientCheck(graph: builder.finish(y), parameters: [bias], step: 1e-4).run()
  }
}
