/// The order of dense weights in panels of 16 outputs, as the kernels of dense products read them.
///
/// Weights are [outputs, inputs of one group, kernel…]; a *tap* is one position of the kernel. Panels are
/// [group][panel][taps / side by side][words][16 outputs][quantum]: a *word* is `quantum` elements of
/// one output, four bytes. What no element fills is zero.
public struct PanelOrder: Hashable, Sendable {
  /// Groups of outputs that do not share inputs.
  public let groups: Int
  /// Taps whose elements follow one another without padding.
  public let sideBySide: Int
  /// Elements in a word.
  public let quantum: Int

  /// Outputs in a panel.
  static let width = 16

  /// An order; `PanelLayout` tells whether a tensor can lie in it.
  public init(groups: Int, sideBySide: Int, quantum: Int) {
    self.groups = groups
    self.sideBySide = sideBySide
    self.quantum = quantum
  }
}

/// Where the elements of one tensor lie in panels.
struct PanelLayout {
  private let order: PanelOrder
  private let elementSize: Int
  private let inputs: Int, taps: Int
  /// Outputs and panels of a group.
  private let columns: Int, panels: Int
  /// Elements of the taps side by side, padding among them, and how many of those there are.
  private let runElements: Int, runs: Int

  /// The layout of a tensor of `shape`, or nil where it cannot lie in `order`.
  init?(_ shape: Shape, _ order: PanelOrder, elementSize: Int) {
    guard shape.rank >= 2, shape.count > 0, order.quantum * elementSize == 4, order.groups > 0,
      shape[0] % order.groups == 0, order.sideBySide > 0
    else { return nil }
    taps = shape.dimensions[2...].reduce(1, *)
    guard taps % order.sideBySide == 0 else { return nil }
    self.order = order
    self.elementSize = elementSize
    inputs = shape[1]
    columns = shape[0] / order.groups
    panels = (columns + PanelOrder.width - 1) / PanelOrder.width
    // Each factor is at most four, or sixteen, times that of the shape, whose product is at most 2⁴⁰.
    runElements = (inputs * order.sideBySide + order.quantum - 1) / order.quantum * order.quantum
    runs = taps / order.sideBySide
  }

  /// Bytes of a word of every output in a panel.
  private static let rowBytes = PanelOrder.width * 4

  private var panelRows: Int { runs * runElements / order.quantum }

  /// Bytes of all panels.
  var byteCount: Int { order.groups * panels * panelRows * Self.rowBytes }

  /// Calls `body` with the places, in panels and in row-major order, of every element, in elements.
  @inline(__always) func forEach(_ body: (_ packed: Int, _ plain: Int) -> Void) {
    let q = order.quantum
    for output in 0..<order.groups * columns {
      let (group, column) = (output / columns, output % columns)
      let panel = group * panels + column / PanelOrder.width
      let start = panel * panelRows * PanelOrder.width * q + column % PanelOrder.width * q
      for tap in 0..<taps {
        let first = tap / order.sideBySide * runElements + tap % order.sideBySide * inputs
        for input in 0..<inputs {
          let element = first + input
          body(
            start + element / q * PanelOrder.width * q + element % q,
            (output * inputs + input) * taps + tap)
        }
      }
    }
  }

  /// Whether every byte of `panels` that belongs to no element is zero.
  func isPaddingZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let rest = inputs * order.sideBySide % order.quantum * elementSize
    let runRows = runElements / order.quantum
    for panel in 0..<order.groups * panels {
      let used = min(PanelOrder.width, columns - panel % panels * PanelOrder.width)
      if used == PanelOrder.width, rest == 0 { continue }
      for row in 0..<panelRows {
        let start = (panel * panelRows + row) * Self.rowBytes
        for byte in (start + used * 4)..<(start + Self.rowBytes) where bytes[byte] != 0 {
          return false
        }
        guard rest > 0, row % runRows == runRows - 1 else { continue }
        for column in 0..<used {
          for byte in (start + column * 4 + rest)..<(start + column * 4 + 4) where bytes[byte] != 0
          {
            return false
          }
        }
      }
    }
    return true
  }
}
