import Foundation

/// Accuracy against a cost, as a drawing for a page; the frontier is a line of steps.
struct ParetoPlot {
  /// One model.
  struct Point {
    let name: String
    /// Along the horizontal axis: less is better.
    let cost: Double
    /// Along the vertical axis: more is better.
    let gain: Double
    /// Whether no other point beats it.
    let isOnFrontier: Bool
    /// Whether it is the uncompressed network, to compare with.
    let isOriginal: Bool
    /// What a pointer over it shows.
    let title: String
  }

  let points: [Point]
  /// What the horizontal axis is.
  let costLabel: String
  /// What the vertical axis is.
  let gainLabel: String

  // In the drawing's own units, which the page scales to its width.
  private static let (width, height) = (460.0, 360.0)
  private static let area = (left: 60.0, right: 448.0, top: 14.0, bottom: 312.0)

  /// The drawing, or words where there is nothing to draw.
  var svg: String {
    guard !points.isEmpty else { return "<p class=\"none\">Nothing was measured.</p>" }
    let costs = Axis(
      points.map(\.cost), from: Self.area.left, to: Self.area.right, startsAtZero: true)
    let gains = Axis(points.map(\.gain), from: Self.area.bottom, to: Self.area.top)
    let places = points.map { Place(x: costs.place($0.cost), y: gains.place($0.gain)) }
    let corners = steps(places)
    var parts = [
      "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" "
        + "aria-label=\"\(Page.escaped(gainLabel)) against \(Page.escaped(costLabel))\">"
    ]
    parts += grid(costs, gains)
    parts.append(path(corners))
    let names = labels(places, corners)
    parts += names
    for (point, place) in zip(points, places) {
      let kind = point.isOriginal ? "original" : point.isOnFrontier ? "best" : "other"
      parts.append(
        "<circle class=\"\(kind)\" cx=\"\(number(place.x))\" cy=\"\(number(place.y))\" r=\"5\">"
          + "<title>\(Page.escaped(point.title))</title></circle>")
    }
    parts.append("</svg>")
    return parts.joined(separator: "\n")
  }

  private func grid(_ costs: Axis, _ gains: Axis) -> [String] {
    let area = Self.area
    var parts: [String] = []
    for tick in costs.ticks {
      let x = number(costs.place(tick))
      parts.append(
        "<line class=\"grid\" x1=\"\(x)\" y1=\"\(area.top)\" x2=\"\(x)\" y2=\"\(area.bottom)\"/>"
          + "<text class=\"tick\" x=\"\(x)\" y=\"\(area.bottom + 18)\" text-anchor=\"middle\">"
          + "\(costs.text(tick))</text>")
    }
    for tick in gains.ticks {
      let y = gains.place(tick)
      parts.append(
        "<line class=\"grid\" x1=\"\(area.left)\" y1=\"\(number(y))\" x2=\"\(area.right)\" "
          + "y2=\"\(number(y))\"/><text class=\"tick\" x=\"\(area.left - 8)\" "
          + "y=\"\(number(y + 4.5))\" text-anchor=\"end\">\(gains.text(tick))</text>")
    }
    let middle = (area.left + area.right) / 2
    parts.append(
      "<text class=\"axis\" x=\"\(middle)\" y=\"\(area.bottom + 40)\" text-anchor=\"middle\">"
        + "\(Page.escaped(costLabel))</text>")
    let center = number((area.top + area.bottom) / 2)
    parts.append(
      "<text class=\"axis\" transform=\"translate(12 \(center)) rotate(-90)\" "
        + "text-anchor=\"middle\">\(Page.escaped(gainLabel))</text>")
    return parts
  }

  /// The corners of the steps from each point of the frontier to the next: what can be had for at most
  /// a cost.
  private func steps(_ places: [Place]) -> [Place] {
    let best = zip(points, places).filter { $0.0.isOnFrontier && !$0.0.isOriginal }
      .map { $0.1 }.sorted { ($0.x, -$0.y) < ($1.x, -$1.y) }
    guard let first = best.first else { return [] }
    var corners = [Place(x: first.x, y: Self.area.bottom), first]
    for place in best.dropFirst() {
      corners += [Place(x: place.x, y: corners[corners.count - 1].y), place]
    }
    return corners + [Place(x: Self.area.right, y: corners[corners.count - 1].y)]
  }

  private func path(_ corners: [Place]) -> String {
    let parts = corners.map { "\(number($0.x)) \(number($0.y))" }
    return parts.isEmpty
      ? "" : "<path class=\"frontier\" d=\"M\(parts.joined(separator: "L"))\"/>"
  }

  /// A name near each point, where it covers the least; a line leads to it where that is not beside it.
  private func labels(_ places: [Place], _ corners: [Place]) -> [String] {
    let frame = Box(
      x: Self.area.left, y: 0, width: Self.width - Self.area.left, height: Self.area.bottom)
    var taken = places.map { Box(x: $0.x - 6, y: $0.y - 6, width: 12, height: 12) }
    let lines = zip(corners, corners.dropFirst()).map { a, b in
      Box(
        x: min(a.x, b.x) - 2, y: min(a.y, b.y) - 2, width: abs(a.x - b.x) + 4,
        height: abs(a.y - b.y) + 4)
    }
    // What is on the frontier has the first choice.
    let order = points.indices.sorted {
      (points[$0].isOnFrontier ? 0 : 1, places[$0].x) < (
        points[$1].isOnFrontier ? 0 : 1, places[$1].x
      )
    }
    return order.map { index in
      let place = places[index]
      let size = (width: Double(points[index].name.count) * 6.8, height: 15.0)
      let boxes = Self.offsets.flatMap { offset in
        [8, -size.width / 2, -8 - size.width].map {
          Box(
            x: place.x + $0, y: place.y + offset - size.height / 2, width: size.width,
            height: size.height)
        }
      }
      let costs = boxes.map { box in
        taken.reduce(0) { $0 + $1.overlap(box) } + lines.reduce(0) { $0 + $1.overlap(box) }
          + 4 * (box.area - box.overlap(frame)) + box.distance(place) / 4
      }
      let best = costs.indices.min { costs[$0] < costs[$1] } ?? 0
      let box = boxes[best]
      taken.append(box)
      let end = box.nearest(place)
      let leader =
        box.distance(place) < 14
        ? ""
        : "<line class=\"leader\" x1=\"\(number(place.x))\" y1=\"\(number(place.y))\" "
          + "x2=\"\(number(end.x))\" y2=\"\(number(end.y))\"/>"
      return leader
        + "<text class=\"name\" x=\"\(number(box.x))\" y=\"\(number(box.y + 11.5))\">"
        + "\(Page.escaped(points[index].name))</text>"
    }
  }

  /// How far above or below its point a name may be, the best first.
  private static let offsets = [0.0, 16, -16, 32, -32, 48, -48, 64, -64, 80, -80, 96, 112, 128]

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }

  /// A point of the drawing.
  private struct Place {
    let x, y: Double
  }

  /// A rectangle of the drawing.
  private struct Box {
    let x, y, width, height: Double
    var area: Double { width * height }

    func overlap(_ other: Box) -> Double {
      let w = min(x + width, other.x + other.width) - max(x, other.x)
      let h = min(y + height, other.y + other.height) - max(y, other.y)
      return w > 0 && h > 0 ? w * h : 0
    }

    /// The point of the rectangle that is nearest to `place`.
    func nearest(_ place: Place) -> Place {
      Place(x: min(max(place.x, x), x + width), y: min(max(place.y, y), y + height))
    }

    func distance(_ place: Place) -> Double {
      let end = nearest(place)
      return hypot(end.x - place.x, end.y - place.y)
    }
  }
}

/// An axis with ticks at round numbers.
struct Axis {
  /// The round numbers.
  let ticks: [Double]
  private let low: Double
  private let high: Double
  private let start: Double
  private let end: Double
  private let digits: Int

  /// An axis that holds `values` and runs from `start` to `end` in the drawing.
  init(_ values: [Double], from start: Double, to end: Double, startsAtZero: Bool = false) {
    let finite = values.filter(\.isFinite)
    var low = startsAtZero ? 0 : finite.min() ?? 0
    var high = finite.max() ?? 1
    let room = high > low ? (high - low) * 0.1 : max(abs(high) * 0.05, 1e-3)
    high += room
    if !startsAtZero { low -= room }
    // Steps of 1, 2 or 5 times a power of ten, about five of them.
    let rough = (high - low) / 5
    let power = pow(10, log10(rough).rounded(.down))
    let step = power * ([1, 2, 5].first { $0 * power >= rough } ?? 10)
    digits = max(0, -Int(log10(step).rounded(.down)))
    let first = Int((low / step).rounded(.up))
    let last = Int((high / step).rounded(.down))
    ticks = first <= last ? (first...last).map { Double($0) * step } : []
    (self.low, self.high, self.start, self.end) = (low, high, start, end)
  }

  /// Where `value` lies in the drawing.
  func place(_ value: Double) -> Double { start + (value - low) / (high - low) * (end - start) }

  /// `tick` as it is written.
  func text(_ tick: Double) -> String { String(format: "%.\(digits)f", tick) }
}
