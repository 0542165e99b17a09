/// The order in which the kernels of dense products want the weights of a convolution.
///
/// Panels are [group][panel][taps x elements / quantum][16][quantum], with zeros where there is no
/// weight; taps that lie side by side are padded to `quantum` together. A *word* is the `quantum`
/// elements of one column, four bytes.
struct WeightOrder {
  /// Groups, columns of each, panels of each.
  let groups: Int, columns: Int, panels: Int
  /// Input channels of a group, and taps of the kernel.
  let channels: Int, taps: Int
  /// Taps that lie side by side, and the elements that they take together with padding.
  let sideBySide: Int, tapElements: Int
  /// Elements in a word.
  let quantum: Int

  init(_ g: ConvolutionGeometry, _ plan: ProductPlan, quantum: Int) {
    (groups, columns, panels) = (g.groups, plan.columns, plan.panels)
    (channels, taps) = (g.inputChannels / g.groups, g.kernelHeight * g.kernelWidth)
    (sideBySide, tapElements) = (plan.sideBySide, plan.tapElements)
    self.quantum = quantum
  }

  /// Words of one column.
  private var columnWords: Int { (taps / sideBySide) * tapElements / quantum }

  /// Writes `weights` ([output][channel][tap]) in this order to `packed`, which holds zeros.
  func pack<T: BitwiseCopyable>(
    _ weights: UnsafePointer<T>, to packed: UnsafeMutablePointer<T>, _ pool: ThreadPool?
  ) {
    let depth = channels * taps
    func packPanels(_ range: Range<Int>) {
      for unit in range {
        let (group, panel) = (unit / panels, unit % panels)
        let first = group * columns + panel * 16
        packPanel(
          weights + first * depth, columns: min(16, columns - panel * 16),
          to: packed + unit * columnWords * 16 * quantum)
      }
    }
    if let pool {
      pool.share(groups * panels) { packPanels($1) }
    } else {
      packPanels(0..<groups * panels)
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
