import ModelFormat
import TestSupport
import Testing

@testable import Convert

struct TrainableConstantsTests {
  @Test func rowsThatAreEqualByChanceBecomeTwoAndMatricesStayOne() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 8])
    let (matrix, row) = (builder.weights(8, 8), builder.weights(8))
    let first = builder.node("Gemm", x, matrix, row, attributes: ["transB": .int(1)])
    let second = builder.node("Gemm", first, matrix, row, attributes: ["transB": .int(1)])
    let sum = builder.node("Add", second, builder.constant(Tensor([Float(1)], shape: [1])))
    let graph = builder.finish(sum)
    let found = TrainableConstants(graph, .none)
    #expect(found.ids.count == 3)
    #expect(found.ids.prefix(2) == [matrix, row])
    #expect(found.graph.nodes[1].inputs == [first, matrix, found.ids[2]])
    #expect(found.graph[found.ids[2]].constant?.floats() == graph[row].constant?.floats())
    let one = TrainableConstants(graph, NodeFilter { $0 == graph.nodes[0].name })
    #expect(one.ids == [matrix, row])
  }

  @Test func logitsAreWhatTheLastSoftmaxReads() {
    var builder = GraphBuilder()
    let x = builder.input([1, 8])
    let softmax = builder.node("Softmax", x)
    let flat = builder.reshape(softmax, [8])
    #expect(builder.finish(flat).classLogits == x)
    let relu = builder.node("Relu", softmax)
    #expect(builder.finish(relu).classLogits == relu)
  }
}
