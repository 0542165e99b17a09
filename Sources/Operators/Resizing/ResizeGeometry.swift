import ModelFormat

/// How a node resizes each dimension.
struct ResizeGeometry: Sendable {
  /// One dimension that is resized.
  struct Axis: Sendable {
    /// The position in the shape.
    var axis: Int
    /// The extents of input and output.
    var input: Int
    var output: Int
    /// What coordinates are multiplied by, from input to output.
    var scale: Float
    /// The extent of the output before it is rounded down: what corners are aligned to.
    var whole: Float = 0
    /// The region of interest, as fractions of the input.
    var start: Float = 0
    var end: Float = 1
  }

  /// The dimensions that may change; all others stay as they are.
  var axes: [Axis] = []

  /// The geometry that a node asks for.
  ///
  /// It follows from the constant inputs roi (1), scales (2) or sizes (3), and the attributes `axes`
  /// and `keep_aspect_ratio_policy`. Inputs without elements count as left out.
  init(_ facts: NodeFacts) throws(OperatorError) {
    let shape = try facts.input(0).shape
    let list = try facts.axes(try facts.ints("axes") ?? Array(0..<shape.rank), rank: shape.rank)
    let scales = try facts.constantFloats(2, "scales").flatMap { $0.isEmpty ? nil : $0 }
    let sizes = try facts.constantIntegers(3, "sizes").flatMap { $0.isEmpty ? nil : $0 }
    let regions = try facts.constantFloats(1, "roi").flatMap { $0.isEmpty ? nil : $0 }
    guard (scales == nil) != (sizes == nil) else {
      throw .shapeMismatch("exactly one of scales and sizes must be given")
    }
    guard (scales?.count ?? sizes?.count) == list.count else {
      throw .shapeMismatch("scales or sizes must have \(list.count) numbers")
    }
    let isWhole = try facts.int("whole_extents", default: 0) != 0
    for (index, axis) in list.enumerated() {
      var entry = Axis(axis: axis, input: shape[axis], output: 0, scale: 1)
      if let scales {
        entry.scale = scales[index]
        entry.whole = scales[index] * Float(shape[axis])
        entry.output = try ResizeGeometry.extent(entry.whole.rounded(.down))
        if isWhole { entry.whole = Float(entry.output) }
      } else if let sizes {
        guard sizes[index] >= 0, sizes[index] <= Limits.extent else {
          throw .shapeMismatch("sizes holds \(sizes[index])")
        }
        entry.output = sizes[index]
        entry.whole = Float(sizes[index])
        entry.scale = Float(sizes[index]) / Float(shape[axis])
      }
      guard entry.scale > 0 || entry.output == 0, entry.input > 0 || entry.output == 0 else {
        throw .shapeMismatch("dimension \(axis) of \(shape) cannot be resized to \(entry.output)")
      }
      if let regions {
        guard regions.count == 2 * list.count else {
          throw .shapeMismatch("roi must have \(2 * list.count) numbers")
        }
        entry.start = regions[index]
        entry.end = regions[index + list.count]
      }
      axes.append(entry)
    }
    if sizes != nil { try keepAspectRatio(facts) }
  }

  /// An extent from a real number, once it is within the limits.
  private static func extent(_ value: Float) throws(OperatorError) -> Int {
    guard value >= 0, value <= 0x1p32 else {
      throw .shapeMismatch("a scale makes an extent of \(value)")
    }
    return Int(value)
  }

  /// Gives all dimensions the same scale where `keep_aspect_ratio_policy` asks for it.
  private mutating func keepAspectRatio(_ facts: NodeFacts) throws(OperatorError) {
    let policy = try facts.string("keep_aspect_ratio_policy", default: "stretch")
    let scales = axes.map({ $0.scale })
    let common: Float?
    switch policy {
    case "stretch": return
    case "not_larger": common = scales.min()
    case "not_smaller": common = scales.max()
    default:
      throw .attribute(
        name: "keep_aspect_ratio_policy",
        problem: "is '\(policy)', but must be stretch, not_larger or not_smaller")
    }
    guard let common else { return }
    for index in axes.indices {
      axes[index].scale = common
      // Halves are rounded up.
      axes[index].output = try ResizeGeometry.extent(
        (common * Float(axes[index].input) + 0.5).rounded(.down))
      axes[index].whole = Float(axes[index].output)
    }
  }

  /// The dimensions whose elements do not stay where they are.
  func changed(_ mapping: CoordinateMapping) -> [Axis] {
    axes.filter { $0.input != $0.output || $0.scale != 1 || mapping == .cropAndResize }
  }
}

/// Which place of the input an output coordinate comes from.
enum CoordinateMapping: String, Sendable {
  case halfPixel = "half_pixel"
  case halfPixelSymmetric = "half_pixel_symmetric"
  case pytorchHalfPixel = "pytorch_half_pixel"
  case alignCorners = "align_corners"
  case asymmetric = "asymmetric"
  case cropAndResize = "tf_crop_and_resize"
  /// Of opset 11 to 12, for nearest alone.
  case halfPixelForNearest = "tf_half_pixel_for_nn"

  /// The mapping that a node's `coordinate_transformation_mode` names.
  init(_ facts: NodeFacts) throws(OperatorError) {
    let name = try facts.string("coordinate_transformation_mode", default: "half_pixel")
    guard let mapping = CoordinateMapping(rawValue: name) else {
      throw .attribute(
        name: "coordinate_transformation_mode", problem: "is '\(name)', which is not known")
    }
    self = mapping
  }

  /// The place in the input of coordinate `i` of the output, by ONNX's formulas in float32.
  func place(_ i: Int, _ axis: ResizeGeometry.Axis) -> Float {
    let x = Float(i)
    let last = Float(axis.input - 1)
    switch self {
    case .halfPixel: return (x + 0.5) / axis.scale - 0.5
    case .pytorchHalfPixel: return axis.output > 1 ? (x + 0.5) / axis.scale - 0.5 : 0
    case .asymmetric: return x / axis.scale
    case .halfPixelForNearest: return (x + 0.5) / axis.scale
    case .alignCorners: return axis.output == 1 ? 0 : x * last / (axis.whole - 1)
    case .halfPixelSymmetric:
      let adjustment = Float(axis.output) / (axis.scale * Float(axis.input))
      let center = Float(axis.input) / 2
      return center * (1 - adjustment) + (x + 0.5) / axis.scale - 0.5
    case .cropAndResize:
      if axis.output <= 1 { return 0.5 * (axis.start + axis.end) * last }
      return axis.start * last + x * (axis.end - axis.start) * last / Float(axis.output - 1)
    }
  }

  /// Whether `place` lies outside of the input in a way that asks for the extrapolation value.
  func isOutside(_ place: Float, _ axis: ResizeGeometry.Axis) -> Bool {
    self == .cropAndResize && !(place >= 0 && place <= Float(axis.input - 1))
  }
}
