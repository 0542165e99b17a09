import CKernels

/// What a kernel computes; the numbers are those of `enum pare_operation`.
package enum KernelOperation: Int32, CaseIterable, Sendable {
  case igemmF32, gemmF32, igemmU8S8, dwconvF32, dwconvU8S8, dwrowF32, dwrowU8S8
  case winogradWeightsF32, winogradInF32, winogradOutF32
  case planesF32, lanesX32, spmmU8S8, spmmF32, bsgemmU8S8, finishU8S8, finishF32
  case unaryF32, binaryF32, affineF32, affineU8, addU8, mulU8, lookupU8, quantizeU8
  case quantizePlanesU8, transposeX8, transposeX32, dequantizeU8
  case minMaxF32, softmaxF32, layernormF32, layernormU8, poolF32, poolU8
  case outerF32, channelwiseF32, momentsF32, gradientSumsF32, normalizedGradientF32
  case clampGradientF32, accumulateF32, probeF32
  case probeU8S8, probeUpdate
}

/// One line of kernels.def, or the portable reference beside it, with its typed function.
package struct Kernel<Function>: @unchecked Sendable {
  /// The symbol, which states operation, types, tile and instruction set.
  package let name: StaticName
  /// The most rows and columns of outputs in one call.
  package let rows: Int, columns: Int
  /// The instruction set that it needs.
  package let isa: InstructionSet
  /// The function itself.
  package let function: Function
}

/// A name that lives as long as the program.
package struct StaticName: @unchecked Sendable {
  private let pointer: UnsafePointer<CChar>

  init(_ pointer: UnsafePointer<CChar>) { self.pointer = pointer }

  init(_ literal: StaticString) {
    pointer = UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  /// The name as a string.
  package var string: String { String(cString: pointer) }
}

/// The kernels of this build, and the choice among them.
package enum KernelTable {
  /// Returns every line of the table with `operation`, in the table's order.
  package static func all<Function>(
    _ operation: KernelOperation, as type: Function.Type
  ) -> [Kernel<Function>] {
    lines(of: operation).compactMap { kernel(at: $0, as: type) }
  }

  /// The lines of each operation.
  private static let linesByOperation = {
    var lines = [[Int]](repeating: [], count: KernelOperation.allCases.count)
    for index in 0..<pare_kernel_count() {
      if let operation = pare_kernel_at(index)?.pointee.operation {
        lines[Int(operation)].append(index)
      }
    }
    return lines
  }()

  private static func lines(of operation: KernelOperation) -> [Int] {
    linesByOperation[Int(operation.rawValue)]
  }

  /// The kernel of one line.
  private static func kernel<Function>(
    at line: Int, as type: Function.Type
  ) -> Kernel<Function>? {
    guard let line = pare_kernel_at(line)?.pointee,
      let isa = InstructionSet(rawValue: Int(line.isa)), let name = line.name,
      let function = line.function
    else { return nil }
    return Kernel(
      name: StaticName(name), rows: Int(line.m), columns: Int(line.n), isa: isa,
      function: unsafeBitCast(function, to: Function.self))
  }

  /// Returns the symbols of every line of the table with `operation`.
  package static func names(of operation: KernelOperation) -> [String] {
    all(operation, as: (@convention(c) () -> Void).self).map { $0.name.string }
  }

  /// Returns, of the kernels for the largest set that `isa` includes, that has any and that the
  /// processor has, the first of those that cost the least, or nil; with a name, that line of the table
  /// alone.
  static func best<Function>(
    _ operation: KernelOperation, upTo isa: InstructionSet, named name: String? = nil,
    as type: Function.Type, cost: (Kernel<Function>) -> Double = { _ in 0 }
  ) -> Kernel<Function>? {
    // No array of kernels: that would be a type for each function type, made at run time for every
    // process that opens a model.
    var best: (kernel: Kernel<Function>, cost: Double)?
    for line in lines(of: operation) {
      guard let kernel = kernel(at: line, as: type), isa.includes(kernel.isa),
        kernel.isa.isAvailable, name == nil || kernel.name.string == name
      else { continue }
      let set = best?.kernel.isa.rawValue ?? -1
      if kernel.isa.rawValue < set { continue }
      let cost = cost(kernel)
      if let found = best, kernel.isa.rawValue == set, found.cost <= cost { continue }
      best = (kernel, cost)
    }
    return best?.kernel
  }

  /// Whether a set that `isa` includes, and that the processor has, has a line with `operation`.
  package static func has(_ operation: KernelOperation, upTo isa: InstructionSet) -> Bool {
    best(operation, upTo: isa, as: (@convention(c) () -> Void).self) != nil
  }

  /// The same, or the reference where there is none.
  static func best<Function>(
    _ operation: KernelOperation, upTo isa: InstructionSet, named name: String? = nil,
    reference: Kernel<Function>, cost: (Kernel<Function>) -> Double = { _ in 0 }
  ) -> Kernel<Function> {
    best(operation, upTo: isa, named: name, as: Function.self, cost: cost) ?? reference
  }
}
