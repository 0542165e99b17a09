public import Kernels
public import ModelFormat

/// The weights of a product on their way to its kernel.
///
/// Where a tensor lies in the order of the kernel already, it is read where it is; any other is packed.
struct ProductWeights {
  private let tensor: Tensor
  /// Keeps weights that are read where they lie; nil where the kernel has a copy.
  let owner: WeightOwner?

  /// The weights of `tensor` for a kernel that reads them in `order`, nil where it has one of its own.
  init(_ tensor: Tensor, _ order: WeightOrder?) {
    self.tensor = tensor
    let isPacked = tensor.panelOrder != nil && tensor.panelOrder == order.map(PanelOrder.init)
    owner = isPacked ? WeightOwner(tensor) : nil
  }

  /// Calls `body` with real numbers, and what is known about them.
  func withFloats<R>(_ body: (UnsafePointer<Float>, WeightForm) -> R) -> R {
    if let owner, tensor.type == .float32 {
      return body(owner.address.assumingMemoryBound(to: Float.self), .packed)
    }
    defer { tensor.releasePages() }
    return tensor.withFloats { body($0.pointer, .plain(nonzero: tensor.nonzeroCount)) }
  }

  /// Calls `body` with int8 elements, and what is known about them.
  func withInt8<R>(_ body: (UnsafePointer<Int8>, WeightForm) -> R) -> R {
    if let owner { return body(owner.address.assumingMemoryBound(to: Int8.self), .packed) }
    defer { tensor.releasePages() }
    return tensor.withElements(as: Int8.self) {
      body($0.pointer, .plain(nonzero: tensor.nonzeroCount))
    }
  }
}

/// What keeps weights that a kernel reads where they lie: their file, or a copy.
final class WeightOwner: @unchecked Sendable {
  // Written by the initializer alone.
  let address: UnsafeRawPointer
  private let tensor: Tensor
  private let copy: AlignedBuffer?

  /// The values of `tensor`; a copy of them unless they lie in a file at a multiple of 64 bytes.
  init(_ tensor: Tensor) {
    self.tensor = tensor
    if let mapped = tensor.values.mappedAddress, Int(bitPattern: mapped) % 64 == 0 {
      address = mapped
      copy = nil
      return
    }
    let copy = AlignedBuffer(tensor.values.count)
    tensor.values.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(start: copy.pointer, count: copy.count).copyMemory(from: $0)
    }
    address = UnsafeRawPointer(copy.pointer)
    self.copy = copy
  }
}

extension PanelOrder {
  /// The order of the format that is a kernel's.
  init(_ order: WeightOrder) {
    self.init(groups: order.groups, sideBySide: order.sideBySide, quantum: order.quantum)
  }
}

extension Operator {
  /// The order in which kernels of `isa` read the constant weights of a node, its input 1, or nil where
  /// there are none that can be stored in an order of theirs.
  public func weightPanels(_ facts: NodeFacts, for isa: InstructionSet) -> PanelOrder? {
    guard let sizes = try? productSizes(facts), let type = facts.optionalInput(0)?.type,
      let weights = facts.optionalInput(1)?.constant
    else { return nil }
    let isDynamic = facts.node.attributes["quantization"] == .string("dynamic")
    let order: WeightOrder? =
      switch (type, weights.type) {
      case (.float32, .float32) where !isDynamic: ConvolutionF32.weightOrder(sizes, isa: isa)
      case (.float32, .int8) where isDynamic: ConvolutionI8.weightOrder(sizes, isa: isa)
      case (.uint8, .int8): ConvolutionI8.weightOrder(sizes, isa: isa)
      default: nil
      }
    return order.map(PanelOrder.init)
  }
}
