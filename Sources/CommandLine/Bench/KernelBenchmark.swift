import Convert
import Interpreter
import Kernels

/// Times every kernel against the machine's limits, and sparse products against dense ones.
struct KernelBenchmark {
  let threads: Int
  /// What the names of shapes and operators contain that are timed; all where it is empty.
  var filter = ""

  /// The parts of weights that are zero, for sparse products.
  static let zeros = [0.5, 0.7, 0.8, 0.9]

  /// Measures everything that the filter lets through.
  func run() throws -> KernelResult {
    let start = ProcessCosts.now
    let pool = ThreadPool(threads: threads)
    let probe = MachineProbe(pool: pool) { ProcessCosts.now }
    var result = KernelResult(threads: threads, probe: ProbeReport(probe))
    for isInteger in [false, true] {
      var fit = CostFit(isInteger: isInteger)
      // A multiply instruction takes half a cycle at the probe's rate, as on a core with two units.
      let peak = (isInteger ? probe.integerGigaops : probe.floatGigaops) * 1e9
      let cycles = peak / 2 / Double(isInteger ? 64 : 16) / 2 / Double(threads)
      for shape in KernelShape.all where isWanted(shape.name) {
        let measurement = KernelMeasurement(shape: shape, isInteger: isInteger, pool: pool)
        let dense = measurement.time()
        result.kernels.append(line(measurement, dense, isChosen: true, probe))
        if shape.isDepthwise { continue }
        let operations: [KernelOperation] = isInteger ? [.igemmU8S8] : [.igemmF32, .gemmF32]
        for name in operations.flatMap({ KernelTable.names(of: $0) })
        where name != dense.kernel {
          let other = measurement.time(kernel: name)
          guard other.kernel == name else { continue }
          result.kernels.append(line(measurement, other, isChosen: false, probe))
        }
        fit.add(shape.geometry, .dense, cycles: dense.seconds * cycles)
        result.sparse.append(sparse(measurement, .lanes, dense, &fit, cycles))
        guard isInteger, KernelTable.has(.bsgemmU8S8, upTo: .best), canBalance(shape) else {
          continue
        }
        result.sparse.append(sparse(measurement, .balanced, dense, &fit, cycles))
      }
      result.costs += fit.constants().map {
        KernelResult.Cost(
          type: isInteger ? "u8s8" : "f32", name: $0.name, used: $0.used, found: $0.found)
      }
    }
    for measurement in OperatorMeasurement.all where isWanted(measurement.name) {
      let (step, seconds) = try measurement.time(threads: threads)
      var timing = LayerProfile(step, seconds: seconds, probe)
      timing.name = measurement.name
      result.operators.append(timing)
    }
    result.seconds = ProcessCosts.now - start
    return result
  }

  private func isWanted(_ name: String) -> Bool { filter.isEmpty || name.contains(filter) }

  private func line(
    _ measurement: KernelMeasurement, _ found: KernelMeasurement.Result, isChosen: Bool,
    _ probe: MachineProbe
  ) -> KernelResult.Timing {
    let shape = measurement.shape
    let size = measurement.isInteger ? 1 : 4
    let macs = shape.geometry.multiplyAccumulates
    return KernelResult.Timing(
      type: measurement.type, isChosen: isChosen,
      profile: LayerProfile(
        name: shape.name, op: "Conv", kernel: found.kernel, seconds: found.seconds, macs: macs,
        effectiveMacs: Int(Double(macs) * found.work.density), isInteger: measurement.isInteger,
        bytes: (shape.inputCount + shape.outputCount) * size + found.work.bytes, probe))
  }

  /// Whether there are enough channels for blocks of them to be balanced.
  private func canBalance(_ shape: KernelShape) -> Bool {
    shape.geometry.inputChannels >= 4 * BlockSegments.fewestQuads
  }

  /// Sparse products of a shape at several parts of zeros.
  private func sparse(
    _ measurement: KernelMeasurement, _ form: SparseChoice, _ dense: KernelMeasurement.Result,
    _ fit: inout CostFit, _ cycles: Double
  ) -> KernelResult.Sparse {
    let g = measurement.shape.geometry
    let expectedDense = fit.expected(g, .dense)
    var points: [KernelResult.Point] = []
    for zeros in Self.zeros {
      let found = measurement.time(zeros: zeros, sparsity: form)
      let work = measurement.work(zeros: zeros, form)
      fit.add(g, work, cycles: found.seconds * cycles)
      points.append(
        KernelResult.Point(
          zeros: zeros, ms: found.seconds * 1e3, speedup: dense.seconds / found.seconds,
          expectedSpeedup: expectedDense / fit.expected(g, work)))
    }
    let times = points.map { (1 - $0.zeros, $0.ms) }
    let expected = [0.5, 0.9].map { (1 - $0, fit.expected(g, measurement.work(zeros: $0, form))) }
    return KernelResult.Sparse(
      shape: measurement.shape.name, type: measurement.type, form: form.rawValue,
      denseMs: dense.seconds * 1e3, points: points,
      evenZeros: Self.even(times, at: dense.seconds * 1e3),
      expectedEvenZeros: Self.even(expected, at: expectedDense))
  }

  /// The part of zeros at which a line through (density, time) meets `dense`; nil where it does not
  /// within 0 to 1.
  ///
  /// The line of Theil and Sen: median slope, median offset, so that one disturbed time does not count.
  private static func even(_ points: [(Double, Double)], at dense: Double) -> Double? {
    var slopes: [Double] = []
    for (index, a) in points.enumerated() {
      for b in points[(index + 1)...] { slopes.append((b.1 - a.1) / (b.0 - a.0)) }
    }
    func median(_ values: [Double]) -> Double {
      let sorted = values.sorted()
      return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
    let slope = median(slopes)
    guard slope > 0 else { return nil }
    let density = (dense - median(points.map { $0.1 - slope * $0.0 })) / slope
    return density <= 0 ? nil : max(0, 1 - density)
  }
}
