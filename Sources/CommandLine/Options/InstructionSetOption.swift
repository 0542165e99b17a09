import ArgumentParser
import Kernels

/// An instruction set by its name in the code: `avx2`.
struct InstructionSetName: ExpressibleByArgument {
  let set: InstructionSet

  init?(argument: String) {
    guard let set = InstructionSet.allCases.first(where: { "\($0)" == argument }) else {
      return nil
    }
    self.set = set
  }

  static var allValueStrings: [String] { InstructionSet.allCases.map { "\($0)" } }

  /// Holds every layer of this process to the set; refuses one that the processor does not have.
  func apply() throws {
    guard set.isAvailable else {
      let found = InstructionSet.available.map { "\($0)" }.joined(separator: ", ")
      throw ValidationError("--isa \(set): this processor has \(found)")
    }
    InstructionSet.limit(to: set)
  }
}
