/// The order in which the kernels of dense products want the weights of a convolution.
///
/// Panels are [group][panel][taps x elements / quantum][16][quantum], with zeros where there is no
/// weight; taps that lie side by side are padded to `quantum` together. A *word* is the `quantum`
/// elements of one column, four bytes.
public struct WeightOrder: Hashable, Sendable {
  /// Groups of channels.
  public let groups: Int
  /// Output channels of a group.
  public let columns: Int
  /// Input channels of a group, and taps of the kernel.
  public let channels: Int, taps: Int
  /// Taps that lie side by side.
  public let sideBySide: Int
  /// Elements in a word: one of four bytes, four of one.
  public let quantum: Int

  /// The order for a geometry that is not depthwise, and elements of which `quantum` have four bytes.
  init(_ g: ConvolutionGeometry, quantum: Int) {
    // What matters here depends on no tile.
    let plan = ProductPlan(g, tile: (1, 16), elementBytes: 4 / quantum, quantum: quantum)
    (groups, columns) = (g.groups, plan.columns)
    (channels, taps) = (g.inputChannels / g.groups, g.kernelHeight * g.kernelWidth)
    sideBySide = plan.sideBySide
    self.quantum = quantum
  }

  /// Panels of a group.
  private var panels: Int { (columns + 15) / 16 }
  /// Elements of the taps that lie side by side, with padding.
  private var tapElements: Int { roundedUp(channels * sideBySide, to: quantum) }
  /// Words of one column.
  private var columnWords: Int { taps / sideBySide * tapElements / quantum }

  /// Elements of all panels, padding among them.
  public var count: Int { groups * panels * columnWords * 16 * quantum }

  /// Writes `weights` ([output][channel][tap]) in this order to `packed`, which holds zeros.
  func pack<T: BitwiseCopyable>(
    _ weights: UnsafePointer<T>, to packed: UnsafeMutablePointer<T>
  ) {
    for unit in 0..<groups * panels {
      let (group, panel) = (unit / panels, unit % panels)
      packPanel(
        weights + (group * columns + panel * 16) * channels * taps,
        columns: min(16, columns - panel * 16), to: packed + unit * columnWords * 16 * quantum)
    }
  }

  /// The same, panels shared out among threads.
  func pack(
    _ weights: UnsafePointer<Float>, to packed: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    pool.share(groups * panels) { _, range in
      for unit in range {
        let (group, panel) = (unit / panels, unit % panels)
        packPanel(
          weights + (group * columns + panel * 16) * channels * taps,
          columns: min(16, columns - panel * 16), to: packed + unit * columnWords * 16 * quantum)
      }
    }
  }

  /// Writes the sum of the weights of each output, which lie in this order, to `sums`.
  func addUp(_ packed: UnsafePointer<Int8>, to sums: UnsafeMutablePointer<Int32>) {
    for unit in 0..<groups * panels {
      let (group, panel) = (unit / panels, unit % panels)
      let words = UnsafeRawPointer(packed + unit * columnWords * 64)
      // The four weights of each column, raised by 128, are added two and two in halves of a word:
      // 128 of them do not overflow.
      let flip = SIMD16<UInt32>(repeating: 0x8080_8080)
      let low = SIMD16<UInt32>(repeating: 0x00FF_00FF)
      var total = SIMD16<UInt32>(repeating: UInt32(truncatingIfNeeded: -512 * columnWords))
      var word = 0
      while word < columnWords {
        let end = min(word &+ 128, columnWords)
        var halves = SIMD16<UInt32>()
        while word < end {
          let quads =
            words.loadUnaligned(fromByteOffset: word &* 64, as: SIMD16<UInt32>.self) ^ flip
          halves &+= (quads & low) &+ (quads &>> 8 & low)
          word &+= 1
        }
        total &+= (halves & 0xFFFF) &+ halves &>> 16
      }
      for column in 0..<min(16, columns - panel * 16) {
        sums[group * columns + panel * 16 + column] = Int32(bitPattern: total[column])
      }
    }
  }

  /// Writes the rows of up to 16 outputs as one panel.
  private func packPanel<T: BitwiseCopyable>(
    _ rows: UnsafePointer<T>, columns: Int, to panel: UnsafeMutablePointer<T>
  ) {
    precondition(MemoryLayout<T>.size * quantum == 4, "a word has four bytes")
    let (source, target) = (UnsafeRawPointer(rows), UnsafeMutableRawPointer(panel))
    if taps == 1 {
      packRows(source, columns: columns, to: target, elementBytes: MemoryLayout<T>.size)
    } else if quantum == 1 {
      packTaps(source, columns: columns, to: target)
    } else if sideBySide == 1, channels % 4 == 0 {
      packTapQuads(source, columns: columns, to: target)
    } else {
      packElements(rows, columns: columns, to: panel)
    }
  }

  /// One tap: words lie in the rows as in the panel, which is their transpose.
  private func packRows(
    _ rows: UnsafeRawPointer, columns: Int, to panel: UnsafeMutableRawPointer, elementBytes: Int
  ) {
    let rowBytes = channels * elementBytes
    let words = rowBytes / 4
    // A block of 16 words of every row at a time: its lines stay in the first-level cache.
    for first in stride(from: 0, to: words, by: 16) {
      for column in 0..<columns {
        let row = rows + column * rowBytes
        let target = panel + column * 4
        for word in first..<min(words, first + 16) {
          target.storeBytes(
            of: row.loadUnaligned(fromByteOffset: word * 4, as: UInt32.self),
            toByteOffset: word * 64, as: UInt32.self)
        }
      }
    }
    for column in 0..<columns {
      for byte in (words * 4)..<rowBytes {
        panel.storeBytes(
          of: rows.load(fromByteOffset: column * rowBytes + byte, as: UInt8.self),
          toByteOffset: words * 64 + column * 4 + byte - words * 4, as: UInt8.self)
      }
    }
  }

  /// Several taps of single elements of four bytes.
  private func packTaps(
    _ rows: UnsafeRawPointer, columns: Int, to panel: UnsafeMutableRawPointer
  ) {
    for channel in 0..<channels {
      for column in 0..<columns {
        let row = rows + (column * channels + channel) * taps * 4
        let target = panel + channel * 64 + column * 4
        for tap in 0..<taps {
          target.storeBytes(
            of: row.loadUnaligned(fromByteOffset: tap * 4, as: UInt32.self),
            toByteOffset: place(of: tap) * 64, as: UInt32.self)
        }
      }
    }
  }

  /// Several taps of bytes, whose channels fill words.
  private func packTapQuads(
    _ rows: UnsafeRawPointer, columns: Int, to panel: UnsafeMutableRawPointer
  ) {
    for quad in 0..<(channels / 4) {
      for column in 0..<columns {
        let row = rows + (column * channels + quad * 4) * taps
        let target = panel + quad * 64 + column * 4
        for tap in 0..<taps {
          func byte(_ channel: Int) -> UInt32 {
            UInt32(row.load(fromByteOffset: channel * taps + tap, as: UInt8.self))
          }
          target.storeBytes(
            of: byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24,
            toByteOffset: tap * tapElements * 16, as: UInt32.self)
        }
      }
    }
  }

  /// Anything else, element by element.
  private func packElements<T: BitwiseCopyable>(
    _ rows: UnsafePointer<T>, columns: Int, to panel: UnsafeMutablePointer<T>
  ) {
    for column in 0..<columns {
      for channel in 0..<channels {
        for tap in 0..<taps {
          let element = place(of: tap) + channel
          panel[element / quantum * 16 * quantum + column * quantum + element % quantum] =
            rows[(column * channels + channel) * taps + tap]
        }
      }
    }
  }

  /// Where the elements of `tap` begin.
  @inline(__always) private func place(of tap: Int) -> Int {
    tap / sideBySide * tapElements + tap % sideBySide * channels
  }
}
