import Kernels
import ModelFormat
import Operators

/// A convolution over one dimension: its operands lie row-major, and pass through channels last in scratch
/// memory in front of the step of an image of one row.
struct OneDimensional: Sendable {
  private let images: Int
  /// Channels and places of input and output.
  private let input: (channels: Int, places: Int), output: (channels: Int, places: Int)
  private let inner: TrainingStep
  /// Operands of the node.
  private let operands: Int

  init(_ node: TrainedNode, _ geometry: ConvolutionGeometry) throws(OperatorError) {
    guard node.facts.optionalInput(3) == nil else {
      throw .unsupported("a residual over one dimension")
    }
    images = geometry.batch
    operands = node.facts.inputs.count
    input = (geometry.inputChannels, geometry.inputWidth)
    output = (geometry.outputChannels, geometry.outputWidth)
    inner = try ProductGradient(node, geometry).step(node)
  }

  /// Bytes of an input and of an output in scratch memory, with what may be read behind them.
  private var inputBytes: Int { (images * input.channels * input.places * 4 + 127) & ~63 }
  private var outputBytes: Int { (images * output.channels * output.places * 4 + 127) & ~63 }

  /// The step of the node.
  var step: TrainingStep {
    let copies = 2 * (inputBytes + outputBytes)
    var step = TrainingStep(
      readsInputs: inner.readsInputs, readsOutputs: inner.readsOutputs,
      scratch: inner.scratch.behind(copies), writes: true, backward: backward)
    guard let forward = inner.forward else { return step }
    step.forwardScratch = inner.forwardScratch.behind(copies)
    step.forward = { memory in
      let (x, y) = (memory.scratch, memory.scratch + inputBytes)
      turn(UnsafeRawPointer(memory.input(0)), x, input.channels, input.places)
      run(memory, x, y, places: [], gradient: y, copies, forward)
      turn(y, UnsafeMutableRawPointer(memory.output()), output.places, output.channels)
    }
    return step
  }

  private func backward(_ memory: StepMemory) {
    let (x, y) = (memory.scratch, memory.scratch + inputBytes)
    let (dx, dy) = (y + outputBytes, y + outputBytes + inputBytes)
    if inner.readsInputs.contains(0) {
      turn(UnsafeRawPointer(memory.input(0)), x, input.channels, input.places)
    }
    if inner.readsOutputs.contains(0) {
      turn(UnsafeRawPointer(memory.output()), y, output.channels, output.places)
    }
    turn(UnsafeRawPointer(memory.gradient()), dy, output.channels, output.places)
    let place = memory.place(0)
    let turned = place.map { _ in
      GradientPlace(pointer: dx.assumingMemoryBound(to: Float.self), adds: false)
    }
    run(
      memory, x, y, places: [turned] + (1..<operands).map { memory.place($0) }, gradient: dy,
      2 * (inputBytes + outputBytes), inner.backward)
    guard let place else { return }
    guard place.adds else {
      turn(dx, UnsafeMutableRawPointer(place.pointer), input.places, input.channels)
      return
    }
    // The copy of the input is not needed any more.
    turn(dx, x, input.places, input.channels)
    GradientKernels.best.accumulate(
      count: images * input.channels * input.places, x.assumingMemoryBound(to: Float.self),
      to: place.pointer)
  }

  /// Runs a part of the inner step with its input, output and their gradients elsewhere.
  private func run(
    _ memory: StepMemory, _ x: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer,
    places: [GradientPlace?], gradient: UnsafeMutableRawPointer, _ copies: Int,
    _ body: (StepMemory) -> Void
  ) {
    let inputs =
      [x]
      + (1..<operands).map {
        UnsafeMutableRawPointer(mutating: memory.operands.rawInput($0))
      }
    // Never empty, so that there is an address.
    let places = places + [nil]
    inputs.withUnsafeBufferPointer { inputs in
      [y, gradient].withUnsafeBufferPointer { outputs in
        places.withUnsafeBufferPointer { places in
          guard let inputs = inputs.baseAddress, let outputs = outputs.baseAddress,
            let places = places.baseAddress
          else { return }
          body(
            StepMemory(
              operands: Operands(
                inputs: inputs, outputs: outputs, scratch: memory.scratch + copies,
                pool: memory.pool),
              mode: memory.mode, saved: memory.saved, outputGradients: outputs + 1,
              inputGradients: places))
        }
      }
    }
  }

  /// Turns `rows` by `columns` of each image.
  private func turn(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ rows: Int, _ columns: Int
  ) {
    let size = rows * columns * 4
    for image in 0..<images {
      LayoutChange.best.transpose(
        rows: rows, columns: columns,
        (from + image * size).assumingMemoryBound(to: UInt32.self), pitch: columns,
        to: (to + image * size).assumingMemoryBound(to: UInt32.self), pitch: rows)
    }
  }
}
