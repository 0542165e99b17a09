public import ArgumentParser
public import ModelFormat

/// How images become inputs.
struct PreprocessingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How images are prepared: imagenet, signed, cifar10, unit, mnist or raw.", valueName: "name"))
  var preprocess: String?

  @Option(help: ArgumentHelp("Resize the short side to this many pixels.", valueName: "pixels"))
  var resize: Int?

  @Option(help: ArgumentHelp("Cut a centred square of this side.", valueName: "pixels"))
  var crop: Int?

  @Option(
    help: ArgumentHelp(
      "Mean of each channel after scaling, e.g. 0.485,0.456,0.406.", valueName: "list"))
  var mean: String?

  @Option(
    help: ArgumentHelp(
      "Deviation of each channel after scaling, e.g. 0.229,0.224,0.225.", valueName: "list"))
  var std: String?

  @Option(
    help: ArgumentHelp("Factor for pixels of 0 to 255, e.g. 1/255 or 0.0039.", valueName: "factor"))
  var scale: String?

  @Option(help: ArgumentHelp("Order of channels: rgb, bgr or gray.", valueName: "order"))
  var color: Preprocessing.Color?

  @Option(help: ArgumentHelp("Order of dimensions: nchw or nhwc.", valueName: "order"))
  var layout: Preprocessing.Layout?

  /// The preprocessing that was asked for, or nil where nothing was.
  func resolve(_ base: Preprocessing? = nil) throws -> Preprocessing? {
    var result = base
    if let preprocess {
      guard let preset = Preprocessing.presets.first(where: { $0.name == preprocess }) else {
        let names = Preprocessing.presets.map(\.name).joined(separator: ", ")
        throw Failure(
          outcome: .usage, message: "--preprocess '\(preprocess)' is not known; \(names) are")
      }
      result = preset
    }
    let isChanged =
      resize != nil || crop != nil || mean != nil || std != nil || scale != nil || color != nil
      || layout != nil
    guard isChanged else { return result }
    var changed = result ?? Preprocessing(divisor: 255)
    changed.name = "custom"
    if let resize { changed.resize = resize }
    if let crop { changed.crop = crop }
    if let mean { changed.mean = try Self.numbers(mean, "--mean") }
    if let std {
      changed.deviation = try Self.numbers(std, "--std")
      guard !changed.deviation.contains(0) else {
        throw Failure(
          outcome: .usage, message: "--std '\(std)': a deviation of zero divides by zero")
      }
    }
    if let scale { changed.divisor = try Self.divisor(scale) }
    if let color { changed.color = color }
    if let layout { changed.layout = layout }
    return changed
  }

  /// The options as they are typed.
  var arguments: [String] {
    let options: [(name: String, value: String?)] = [
      ("--preprocess", preprocess), ("--resize", resize.map { "\($0)" }),
      ("--crop", crop.map { "\($0)" }), ("--mean", mean), ("--std", std), ("--scale", scale),
      ("--color", color?.rawValue), ("--layout", layout?.rawValue),
    ]
    return options.flatMap { option in option.value.map { [option.name, $0] } ?? [] }
  }

  private static func numbers(_ text: String, _ option: String) throws -> [Float] {
    let numbers = text.split(separator: ",").map { Float($0.trimmingPrefix(" ")) }
    let list = numbers.compactMap { $0 }
    guard !list.isEmpty, list.count == numbers.count, list.allSatisfy(\.isFinite) else {
      throw Failure(
        outcome: .usage, message: "\(option) '\(text)' is no list of numbers such as 0.5,0.5,0.5")
    }
    return list
  }

  private static func divisor(_ text: String) throws -> Float {
    let parts = text.split(separator: "/").map { Float($0) }
    if parts.count == 2, let a = parts[0], let b = parts[1], a != 0, b != 0 { return b / a }
    if parts.count == 1, let factor = parts[0], factor != 0, factor.isFinite { return 1 / factor }
    throw Failure(
      outcome: .usage, message: "--scale '\(text)' is no factor such as 1/255 or 0.0039")
  }
}

extension Preprocessing.Color: ExpressibleByArgument {}
extension Preprocessing.Layout: ExpressibleByArgument {}
