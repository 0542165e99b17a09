import CKernels

/// What a kernel computes; the numbers are those of `enum pare_operation`.
package enum KernelOperation: Int32, CaseIterable, Sendable {
  case igemmF32, gemmF32, igemmU8S8, dwconvF32, dwconvU8S8, dwrowF32, dwrowU8S8
  case winogradInF32, winogradOutF32
  case planesF32, lanesX32, spmmU8S8, spmmF32, bsgemmU8S8, finishU8S8, finishF32
  case unaryF32, binaryF32, affineF32, affineU8, addU8, mulU8, lookupU8, quantizeU8
  case quantizePlanesU8, transposeX8, transposeX32, dequantizeU8
  case minMaxF32, softmaxF32, layernormF32, layernormU8, poolF32, poolU8, probeF32
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
    var found: [Kernel<Function>] = []
    for index in 0..<pare_kernel_count() {
      guard let line = pare_kernel_at(index)?.pointee, line.operation == operation.rawValue,
        let isa = InstructionSet(rawValue: Int(line.isa)), let name = line.name,
        let function = line.function
      else { continue }
      found.append(
        Kernel(
          name: StaticName(name), rows: Int(line.m), columns: Int(line.n), isa: isa,
          function: unsafeBitCast(function, to: Function.self)))
    }
    return found
  }

  /// Returns the symbols of every line of the table with `operation`.
  package static func names(of operation: KernelOperation) -> [String] {
    all(operation, as: (@convention(c) () -> Void).self).map { $0.name.string }
  }

  /// Returns the kernels for the largest set that `isa` includes, that has any and that the processor
  /// has, or the reference; with a name, that line of the table alone.
  static func candidates<Function>(
    _ operation: KernelOperation, upTo isa: InstructionSet, named name: String? = nil,
    reference: Kernel<Function>
  ) -> [Kernel<Function>] {
    let found = vectors(operation, as: Function.self, upTo: isa, named: name)
    return found.isEmpty ? [reference] : found
  }

  /// Returns the same without the reference: none where no set that `isa` includes has any.
  static func vectors<Function>(
    _ operation: KernelOperation, as type: Function.Type, upTo isa: InstructionSet,
    named name: String? = nil
  ) -> [Kernel<Function>] {
    let usable = all(operation, as: type).filter {
      isa.includes($0.isa) && $0.isa.isAvailable && (name == nil || $0.name.string == name)
    }
    guard let most = usable.map({ $0.isa.rawValue }).max() else { return [] }
    return usable.filter { $0.isa.rawValue == most }
  }

  /// Whether a set that `isa` includes, and that the processor has, has a line with `operation`.
  package static func has(_ operation: KernelOperation, upTo isa: InstructionSet) -> Bool {
    all(operation, as: (@convention(c) () -> Void).self).contains {
      isa.includes($0.isa) && $0.isa.isAvailable
    }
  }

  /// Returns the first of `candidates`.
  static func best<Function>(
    _ operation: KernelOperation, upTo isa: InstructionSet, reference: Kernel<Function>
  ) -> Kernel<Function> {
    candidates(operation, upTo: isa, reference: reference).first ?? reference
  }
}
