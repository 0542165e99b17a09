import Foundation
import Kernels

/// The machine that figures were measured on.
public struct Machine: Sendable, Hashable, Codable {
  /// The processor's name, or its architecture where the system does not tell.
  public let processor: String
  /// Logical processors that the process may use.
  public let processors: Int
  /// Bytes of memory.
  public let memoryBytes: Int
  /// The operating system and its version.
  public let system: String
  /// The instruction set that kernels use.
  public let isa: String

  /// The machine of this process.
  public static var current: Machine {
    let info = ProcessInfo.processInfo
    return Machine(
      processor: processorName, processors: info.activeProcessorCount,
      memoryBytes: Int(clamping: info.physicalMemory), system: info.operatingSystemVersionString,
      isa: "\(InstructionSet.best)")
  }

  private static var processorName: String {
    let facts = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    for line in facts.split(separator: "\n") where line.hasPrefix("model name") {
      if let name = line.split(separator: ":", maxSplits: 1).last {
        return name.trimmingCharacters(in: .whitespaces)
      }
    }
    #if arch(x86_64)
    return "x86-64"
    #elseif arch(arm64)
    return "arm64"
    #else
    return "unknown"
    #endif
  }
}
