import Kernels
import ModelFormat

/// The images, windows and channels of a pooling node, and the order in which they lie in memory.
///
/// Channels are neighbours in channels last; in row-major order each channel is an image of its own
/// with a single channel. Windows of one and two dimensions are treated as windows of three.
package struct PoolGeometry: Sendable {
  /// What one output position reads along one dimension.
  package struct Place: Sendable {
    /// The first entry of the input, and entries between taps.
    package var first: Int, step: Int
    /// Taps that meet the input.
    package var taps: Int
    /// Taps that an average divides by.
    package var divisor: Int
  }

  /// Images, and channels of each.
  package let batch: Int, channels: Int
  /// Extents of the input: depth, height, width.
  package let extents: [Int]
  /// What each output position reads, along depth, height and width.
  let places: [[Place]]
  /// Neighbouring columns whose windows are of one size and equally far apart.
  let segments: [Segment]

  /// Output columns that a kernel computes in one call.
  struct Segment: Sendable {
    /// The first column.
    var column: Int
    /// The number of columns.
    var count: Int
    /// What the first one reads.
    var place: Place
    /// Input columns from window to window.
    var step: Int
  }

  /// The geometry of `window` over `input`.
  package init(_ input: ValueFacts, _ window: SpatialWindow, countsPadding: Bool = false) {
    let isChannelsLast = input.layout == .channelsLast && input.shape.rank == 4
    channels = isChannelsLast ? input.shape[1] : 1
    batch = isChannelsLast ? input.shape[0] : input.shape[0] * input.shape[1]
    let missing = [SpatialWindow.Axis](
      repeating: .init(input: 1, kernel: 1), count: 3 - window.axes.count)
    let axes = missing + window.axes
    extents = axes.map({ $0.input })
    places = axes.map { axis in
      (0..<axis.output).map { position in
        let taps = axis.taps(at: position)
        return Place(
          first: axis.start(position) + taps.lowerBound * axis.dilation, step: axis.dilation,
          taps: taps.count,
          divisor: countsPadding ? axis.paddedTaps(at: position) : taps.count)
      }
    }
    segments = Self.segments(places[2])
  }

  private static func segments(_ places: [Place]) -> [Segment] {
    var segments: [Segment] = []
    for (column, place) in places.enumerated() {
      if let last = segments.last, last.place.taps == place.taps,
        last.place.divisor == place.divisor
      {
        let step = place.first - places[column - 1].first
        if step >= 0, last.count == 1 || last.step == step {
          segments[segments.count - 1].step = step
          segments[segments.count - 1].count += 1
          continue
        }
      }
      segments.append(Segment(column: column, count: 1, place: place, step: 0))
    }
    return segments
  }

  /// Lines of output pixels.
  package var lines: Int { batch * places[0].count * places[1].count }

  /// Pixels of a line.
  var width: Int { places[2].count }

  /// Parts that the lines are shared out in.
  var parts: Int { max(1, min(16, lines)) }

  /// The lines of part `part`.
  func lines(of part: Int) -> Range<Int> { (lines * part / parts)..<(lines * (part + 1) / parts) }

  /// Calls `body` for each pixel of `line` with the index of the output pixel, the number of taps that
  /// an average divides by, and the places of the window.
  @inline(__always)
  package func forEachPixel(of line: Int, _ body: (_ pixel: Int, _ window: Window) -> Void) {
    let (heights, depths) = (places[1].count, places[0].count)
    let image = line / (heights * depths)
    places.withUnsafeBufferPointer { places in
      let depth = places[0][line / heights % depths]
      let height = places[1][line % heights]
      places[2].withUnsafeBufferPointer { widths in
        for column in widths.indices {
          body(
            line * widths.count + column,
            Window(image: image, depth: depth, height: height, width: widths[column]))
        }
      }
    }
  }

  /// Calls `body` for each segment of `line` with its windows, their first element in the input and in
  /// the output, and the number of taps that an average divides by.
  @inline(__always)
  func forEachSegment(
    of line: Int, _ body: (_ windows: PoolWindows, _ from: Int, _ to: Int, _ divisor: Int) -> Void
  ) {
    let (heights, depths) = (places[1].count, places[0].count)
    let depth = places[0][line / heights % depths]
    let height = places[1][line % heights]
    let row = extents[2] &* channels
    let plane = extents[1] &* row
    let image = line / (heights &* depths) &* extents[0] &* plane
    let first = image &+ depth.first &* plane &+ height.first &* row
    for segment in segments {
      body(
        PoolWindows(
          pixels: (segment.count, segment.step &* channels),
          planes: (depth.taps, depth.step &* plane), rows: (height.taps, height.step &* row),
          columns: (segment.place.taps, segment.place.step &* channels), channels: channels),
        first &+ segment.place.first &* channels,
        (line &* places[2].count &+ segment.column) &* channels,
        depth.divisor &* height.divisor &* segment.place.divisor)
    }
  }

  /// The window of one output pixel.
  package struct Window {
    var image: Int
    var depth: Place
    var height: Place
    var width: Place

    /// Taps that meet the input.
    var taps: Int { depth.taps &* height.taps &* width.taps }

    /// Taps that an average divides by.
    package var divisor: Int { depth.divisor &* height.divisor &* width.divisor }
  }

  /// Calls `body` with the index of each input pixel in `window`.
  @inline(__always)
  package func forEachTap(of window: Window, _ body: (_ pixel: Int) -> Void) {
    // An image without pixels may be deep.
    guard window.height.taps > 0, window.width.taps > 0 else { return }
    let (height, width) = extents.withUnsafeBufferPointer { ($0[1], $0[2]) }
    for d in 0..<window.depth.taps {
      let plane = (window.image * extents[0] + window.depth.first + d * window.depth.step) * height
      for h in 0..<window.height.taps {
        let row = (plane + window.height.first + h * window.height.step) * width
        for w in 0..<window.width.taps { body(row + window.width.first + w * window.width.step) }
      }
    }
  }
}

extension NodeFacts {
  /// The window of a pooling node over the spatial dimensions of its input.
  package func poolWindow() throws(OperatorError) -> SpatialWindow {
    let extents = try spatialExtents()
    let window = try SpatialWindow(
      self, over: extents, ceil: try int("ceil_mode", default: 0) != 0)
    // A plan holds what each position reads: padding alone must not make that large.
    guard window.outputs.allSatisfy({ $0 <= 1 << 22 }) else {
      throw .unsupported("pooling to more than \(1 << 22) positions along a dimension")
    }
    return window
  }

  /// Elements that the windows of a pooling node read together.
  package var windowScans: Int {
    guard let window = try? poolWindow(), let result = outputs.first else { return 0 }
    let taps = window.axes.map { min($0.kernel, $0.input) }
    return taps.reduce(result.count) { .saturatingProduct($0, $1) }
  }

  /// The spatial extents of an image of one to three dimensions.
  package func spatialExtents() throws(OperatorError) -> [Int] {
    let shape = try input(0).shape
    guard shape.rank >= 3, shape.rank <= 5 else {
      throw .rank(operand: "input", found: shape.rank, expected: "3 to 5")
    }
    return Array(shape.dimensions[2...])
  }

  /// Facts for an output with `extents` in place of the spatial ones.
  func pooled(_ extents: [Int], keepsQuantization: Bool) throws(OperatorError) -> ValueFacts {
    let data = try input(0)
    var result = try moved(data, [data.shape[0], data.shape[1]] + extents)
    if !keepsQuantization { result.quantization = nil }
    return result
  }
}
