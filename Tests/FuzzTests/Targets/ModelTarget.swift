import Interpreter
import ModelFormat

/// What is fuzzed of artifacts: opening a file, planning its network, and running it once.
enum ModelTarget {
  /// The most bytes of activations, and of constants that nodes read, of a network that is planned.
  static let maximumBytes = 32 << 20
  /// The most multiply-accumulates and elements of one run: what takes longer says nothing new.
  static let maximumWork = 2_000_000

  /// Opens, plans and runs the file in `bytes`; returns the error in words, or nil.
  @discardableResult static func run(_ bytes: [UInt8]) -> String? {
    do throws(ModelError) {
      let graph = try ModelReader.read(Bytes(bytes)).model.graph
      guard isSmall(graph) else { return "large" }
      do throws(InterpreterError) {
        let interpreter = try Interpreter(graph, limits: RunLimits(arena: maximumBytes))
        for index in interpreter.inputs.indices {
          // Bytes that make sense as small integers, and as floats of all sizes.
          let input = interpreter.input(index)
          for position in input.indices {
            input[position] = UInt8(truncatingIfNeeded: position &* 37 >> (position & 4))
          }
        }
        try interpreter.run()
        var sum = 0
        for index in interpreter.outputs.indices {
          for byte in interpreter.output(index) { sum &+= Int(byte) }
        }
        return sum == Int.max ? "unlikely" : nil
      } catch { return error.description }
    } catch { return error.description }
  }

  /// Whether a network can be planned and run in the blink of an eye.
  private static func isSmall(_ graph: Graph) -> Bool {
    var work = 0
    var constants = 0
    for node in graph.nodes {
      for case let id? in node.inputs + node.outputs {
        let elements = graph[id].shape?.checkedCount ?? 0
        work = min(work + elements, maximumWork + 1)
        if graph[id].constant != nil {
          constants = min(constants + elements * graph[id].type.size, maximumBytes + 1)
        }
      }
      work = min(
        work + max(0, min(graph.multiplyAccumulates(of: node), maximumWork)), maximumWork + 1)
    }
    return work <= maximumWork && constants <= maximumBytes && graph.nodes.count < 1000
  }
}
