public import Datasets
public import Interpreter
public import ModelFormat

/// Puts samples of a data set into the inputs of an interpreter.
///
/// A network with a fixed batch takes several samples at once.
public struct SampleFeed: Sendable {
  /// The samples.
  public let dataset: Dataset
  private let preprocessor: Preprocessor?
  private let ports: [Interpreter.Port]

  /// Samples that one run takes.
  public var batch: Int {
    ports.count == 1 ? max(1, ports[0].shape.rank > 0 ? ports[0].shape[0] : 1) : 1
  }

  /// A feed of `dataset` into the inputs of `interpreter`.
  ///
  /// - Parameter preprocessing: what is done to images; needed only where the samples are images.
  /// - Throws: `DatasetError` where images cannot be made into the network's input.
  public init(
    _ dataset: Dataset, into interpreter: Interpreter, preprocessing: Preprocessing?
  ) throws(DatasetError) {
    try self.init(dataset, ports: interpreter.inputs, preprocessing: preprocessing)
  }

  /// A feed of `dataset` into inputs such as `ports` are.
  init(
    _ dataset: Dataset, ports: [Interpreter.Port], preprocessing: Preprocessing?
  ) throws(DatasetError) {
    self.dataset = dataset
    self.ports = ports
    if let preprocessing, let port = ports.first, ports.count == 1, port.shape.rank == 4 {
      preprocessor = try Preprocessor(preprocessing, inputShape: port.shape)
    } else {
      preprocessor = nil
    }
  }

  /// Loads one sample into item `item` of the batch and returns its label.
  ///
  /// - Parameter view: how an image is looked at; other samples are what they are.
  /// - Throws: `DatasetError` where the sample cannot be read or does not fit.
  public func load(
    _ index: Int, item: Int = 0, view: ImageView = ImageView(), into interpreter: Interpreter
  ) throws(DatasetError) -> Int? {
    try load(try dataset.sample(at: index), item: item, view: view) { interpreter.input($0) }
  }

  /// Writes a sample to item `item` of the batch at `input`, the memory of each port; returns its label.
  ///
  /// - Throws: `DatasetError` where the sample does not fit.
  func load(
    _ sample: Sample, item: Int, view: ImageView,
    into input: (Int) -> UnsafeMutableRawBufferPointer
  ) throws(DatasetError) -> Int? {
    switch sample.content {
    case .image(let image):
      guard let preprocessor else {
        throw .unsuitableInput(
          shape: ports.first?.shape ?? [], reason: "images need one input of rank 4")
      }
      let memory = input(0).bindMemory(to: Float.self)
      let size = preprocessor.elementCount
      guard ports[0].type == .float32, (item + 1) * size <= memory.count else {
        throw .unsuitableInput(shape: ports[0].shape, reason: "images become float32 inputs")
      }
      try preprocessor.write(
        image, view: view,
        into: UnsafeMutableBufferPointer(rebasing: memory[(item * size)..<((item + 1) * size)]))
    case .array(let array):
      guard ports.count == 1 else {
        throw .unsuitableInput(
          shape: array.shape,
          reason: "the network has \(ports.count) inputs; give an .npz with an array for each")
      }
      try copy(array, of: sample.name, item: item, ports[0], input(0))
    case .tensors(let tensors):
      for (position, port) in ports.enumerated() {
        guard let array = tensors[port.name] else {
          throw .unsuitableInput(
            shape: port.shape, reason: "no array named '\(port.name)' in '\(sample.name)'")
        }
        try copy(array, of: sample.name, item: item, port, input(position))
      }
    }
    return sample.label
  }

  private func copy(
    _ array: NumericArray, of sample: String, item: Int, _ port: Interpreter.Port,
    _ target: UnsafeMutableRawBufferPointer
  ) throws(DatasetError) {
    let bytes = array.converted(to: port.type)
    // A whole input, or one item of its batch.
    guard bytes.count == target.count || bytes.count * batch == target.count else {
      throw .unsuitableInput(
        shape: port.shape, reason: "'\(sample)' holds an array of \(array.shape) \(array.type.name)"
      )
    }
    let offset = bytes.count == target.count ? 0 : item * bytes.count
    bytes.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyMemory(from: $0)
    }
  }
}

extension NumericArray {
  /// The elements as `type`: floats widen, narrow and take integers; everything else stays.
  public func converted(to type: ElementType) -> [UInt8] {
    guard type != self.type else { return bytes }
    let tensor = Tensor(type: self.type, shape: shape, bytes: Bytes(bytes))
    switch type {
    case .float32: return Bytes(elements: tensor.floats()).array
    case .int64: return Bytes(elements: tensor.integers() ?? []).array
    case .int32:
      return Bytes(elements: (tensor.integers() ?? []).map { Int32(clamping: $0) }).array
    case .uint8:
      return Bytes(elements: (tensor.integers() ?? []).map { UInt8(clamping: $0) }).array
    default: return bytes
    }
  }
}

extension Preprocessing {
  /// What images for an input of `shape` most likely need, where nobody says; nil where it is no image.
  public static func guess(for shape: Shape) -> Preprocessing? {
    guard shape.rank == 4 else { return nil }
    let isChannelsLast = ![1, 3].contains(shape[1]) && [1, 3].contains(shape[3])
    let (channels, height) = isChannelsLast ? (shape[3], shape[1]) : (shape[1], shape[2])
    let name = channels == 1 ? "unit" : channels == 3 ? height <= 48 ? "cifar10" : "imagenet" : nil
    guard var found = presets.first(where: { $0.name == name }) else { return nil }
    if isChannelsLast { found.layout = .nhwc }
    return found
  }
}
