import Foundation
import Interpreter
import Kernels

/// The time of one layer, beside what the machine gives at most.
struct LayerProfile: Encodable {
  var name: String
  let op: String
  let kernel: String
  let ms: Double
  /// The part of the time of all layers.
  var share = 0.0
  let macs: Int
  /// Multiply-accumulates that the kernel does: fewer where it skips zeros.
  let effectiveMacs: Int
  /// Operations done in a second, two for each multiply-accumulate, in thousand millions.
  let gops: Double
  /// What the multiply-adds of the layer's type reach without loads.
  let peakGops: Double
  /// Bytes read and written: inputs, outputs, weights as they are packed.
  let bytes: Int
  /// Thousand million bytes in a second.
  let gbps: Double
  /// What copies, or changes in place, reach in memory of this size.
  let peakGbps: Double
  /// The time at the higher of the two roofs.
  let limitMs: Double
  /// That time over the time taken.
  let fraction: Double
  /// Which roof that is: `compute` or `memory`.
  let bound: String

  /// A step that took `seconds`.
  init(_ step: StepInfo, seconds: Double, _ probe: MachineProbe) {
    self.init(
      name: step.name, op: step.op, kernel: step.kernel, seconds: seconds,
      macs: step.multiplyAccumulates, effectiveMacs: step.effectiveMultiplyAccumulates,
      isInteger: step.isInteger, bytes: step.bytes, probe)
  }

  /// Work of the given size that took `seconds`.
  init(
    name: String, op: String, kernel: String, seconds: Double, macs: Int, effectiveMacs: Int,
    isInteger: Bool, bytes: Int, _ probe: MachineProbe
  ) {
    self.name = name
    self.op = op
    self.kernel = kernel
    self.macs = macs
    self.effectiveMacs = effectiveMacs
    self.bytes = bytes
    ms = seconds * 1e3
    peakGops = isInteger ? probe.integerGigaops : probe.floatGigaops
    peakGbps = probe.gigabytesPerSecond(for: bytes)
    let time = max(seconds, 1e-9)
    gops = Double(effectiveMacs) * 2 / time / 1e9
    gbps = Double(bytes) / time / 1e9
    let compute = Double(effectiveMacs) * 2 / max(peakGops, 1e-9) / 1e9
    let memory = Double(bytes) / max(peakGbps, 1e-9) / 1e9
    limitMs = max(compute, memory) * 1e3
    fraction = max(compute, memory) / time
    bound = compute > memory ? "compute" : "memory"
  }

  /// The kernel without what every name has in common.
  var shortKernel: String {
    var name = kernel[...]
    if name.hasPrefix("pare_") { name = name.dropFirst(5) }
    if let end = name.range(of: "__")?.lowerBound { name = name[..<end] }
    return String(name)
  }
}

/// All layers together.
struct ProfileTotals: Encodable {
  let ms: Double
  let limitMs: Double
  let fraction: Double
  let macs: Int
  let effectiveMacs: Int
  let bytes: Int

  init(_ layers: [LayerProfile]) {
    ms = layers.reduce(0) { $0 + $1.ms }
    limitMs = layers.reduce(0) { $0 + $1.limitMs }
    fraction = ms > 0 ? limitMs / ms : 0
    macs = layers.reduce(0) { $0 &+ $1.macs }
    effectiveMacs = layers.reduce(0) { $0 &+ $1.effectiveMacs }
    bytes = layers.reduce(0) { $0 &+ $1.bytes }
  }
}

/// What the probe found, as JSON has it.
struct ProbeReport: Encodable {
  struct Copy: Encodable {
    let bytes: Int
    let gbps: Double
    let updateGbps: Double
  }

  let f32Gflops: Double
  let int8Gops: Double
  /// Copies beyond the caches.
  let copyGbps: Double
  /// Copies within growing memory, the caches' first.
  let copies: [Copy]

  init(_ probe: MachineProbe) {
    f32Gflops = probe.floatGigaops
    int8Gops = probe.integerGigaops
    copies = probe.copies.map {
      Copy(
        bytes: $0.bytes, gbps: $0.gigabytesPerSecond, updateGbps: $0.updatedPerSecond)
    }
    copyGbps = copies.last?.gbps ?? 0
  }
}
