/// What the machine gives at most, measured: multiply-adds without loads, and bytes moved without
/// arithmetic.
///
/// The roofs of a roofline: what a layer reaches of them is the honest measure of its kernel. Takes some
/// milliseconds for each thread's arithmetic and some tens for the largest copy.
public struct MachineProbe: Sendable {
  /// How fast bytes move that are read and written in `bytes` of memory, sources and targets together.
  public struct Copy: Sendable {
    /// The memory in bytes.
    public let bytes: Int
    /// Bytes read and written in a second by copies, in thousand millions.
    public let gigabytesPerSecond: Double
    /// The same for changes in place, which fetch no line only to write it.
    public let updatedPerSecond: Double
  }

  /// Operations of float32 in a second, in thousand millions; a multiply-add is two.
  public let floatGigaops: Double
  /// Operations on pairs of bytes, summed in int32.
  public let integerGigaops: Double
  /// Copies within growing memory: that of each cache, and beyond them.
  public let copies: [Copy]

  /// The memory that copies work in, for each thread: what fits a usual first and second level, and for
  /// all together a third level and none.
  private static let footprints: [(bytes: Int, isPerThread: Bool)] = [
    (32 << 10, true), (256 << 10, true), (768 << 10, true), (4 << 20, false), (16 << 20, false),
    (64 << 20, false),
  ]

  /// Measures with all threads of `pool`.
  ///
  /// - Parameters:
  ///   - isa: the instruction set whose multiply-adds count.
  ///   - now: a clock in seconds.
  public init(pool: ThreadPool, isa: InstructionSet = .best, now: () -> Double) {
    floatGigaops = Self.gigaops(
      KernelTable.best(.probeF32, upTo: isa, reference: probeReferenceF32), pool, now)
    integerGigaops = Self.gigaops(
      KernelTable.best(.probeU8S8, upTo: isa, reference: probeReferenceU8S8), pool, now)
    let footprints = Self.footprints.map {
      $0.isPerThread ? $0.bytes * pool.threads : $0.bytes
    }.sorted()
    let memory = AlignedBytes(footprints.last ?? 0)
    // Pages that were never written are all the same one.
    memory.base.initializeMemory(as: UInt8.self, repeating: 1, count: memory.count)
    let update = KernelTable.best(.probeUpdate, upTo: isa, reference: probeReferenceUpdate)
    copies = footprints.map { bytes in
      Copy(
        bytes: bytes, gigabytesPerSecond: Self.copyRate(bytes, memory, pool, now),
        updatedPerSecond: Self.updateRate(bytes, memory, update, pool, now))
    }
  }

  /// How fast bytes can move for a layer that touches `bytes`, in thousand millions a second: by the
  /// faster way in the largest memory of `copies` that is not larger.
  public func gigabytesPerSecond(for bytes: Int) -> Double {
    let copy = copies.last { $0.bytes <= bytes } ?? copies[0]
    return max(copy.gigabytesPerSecond, copy.updatedPerSecond)
  }

  /// The best of some trials of `body`, which gets how often to repeat: repetitions for each second.
  ///
  /// Repetitions double until a trial takes a quarter of a millisecond, so that the clock and the start
  /// of threads count for little.
  private static func bestRate(
    _ now: () -> Double, _ body: (_ repetitions: Int) -> Void
  ) -> Double {
    var repetitions = 1
    var best = 0.0
    var trials = 0
    while trials < 8 {
      let start = now()
      body(repetitions)
      let seconds = now() - start
      if seconds < 0.25e-3, repetitions < 1 << 40 {
        repetitions *= 2
      } else {
        best = max(best, Double(repetitions) / max(seconds, 1e-9))
        trials += 1
      }
    }
    return best
  }

  private static func gigaops(
    _ kernel: Kernel<ProbeFunction>, _ pool: ThreadPool, _ now: () -> Double
  ) -> Double {
    let operands = AlignedBytes(128)
    for index in 0..<128 {
      operands.base.storeBytes(of: UInt8(index & 31), toByteOffset: index, as: UInt8.self)
    }
    let sums = AlignedBytes(64 * pool.threads)
    let rate = bestRate(now) { repetitions in
      pool.run(parts: pool.threads) { part in
        kernel.function(repetitions * 64, operands.base, sums.base + 64 * part)
      }
    }
    return rate * Double(64 * kernel.rows * kernel.columns * 2 * pool.threads) / 1e9
  }

  private static func copyRate(
    _ bytes: Int, _ memory: AlignedBytes, _ pool: ThreadPool, _ now: () -> Double
  ) -> Double {
    let half = bytes / pool.threads / 2
    let base = memory.base
    let rate = bestRate(now) { repetitions in
      pool.run(parts: pool.threads) { part in
        let source = base + part * 2 * half
        for _ in 0..<repetitions { (source + half).copyMemory(from: source, byteCount: half) }
      }
    }
    return rate * Double(half * 2 * pool.threads) / 1e9
  }

  private static func updateRate(
    _ bytes: Int, _ memory: AlignedBytes, _ kernel: Kernel<ProbeFunction>, _ pool: ThreadPool,
    _ now: () -> Double
  ) -> Double {
    let lines = bytes / pool.threads / 64
    let base = memory.base
    let operands = AlignedBytes(64)
    let rate = bestRate(now) { repetitions in
      pool.run(parts: pool.threads) { part in
        for _ in 0..<repetitions {
          kernel.function(lines, operands.base, base + part * lines * 64)
        }
      }
    }
    return rate * Double(lines * 128 * pool.threads) / 1e9
  }
}
