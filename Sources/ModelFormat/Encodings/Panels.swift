extension Encoding.Codec {
  /// Dense weights in the order of kernels, which read them where they lie.
  ///
  /// Never chosen for its size: `Tensor.inPanels` makes it.
  static let panels = Self(
    byteCount: { _ in nil },
    encode: { $0 },
    expand: { tensor in
      guard let layout = tensor.panelLayout else { return [] }
      return switch tensor.type.size {
      case 1: tensor.plain(layout, UInt8.self)
      case 2: tensor.plain(layout, UInt16.self)
      default: tensor.plain(layout, UInt32.self)
      }
    },
    violation: { tensor in
      guard let layout = tensor.panelLayout, tensor.values.count == layout.byteCount,
        tensor.positions.count == 0
      else { return .streamSize }
      guard tensor.values.withUnsafeBytes({ layout.isPaddingZero($0) }) else { return .padding }
      let nonzero = Tensor.countNonzero(tensor.values, elementSize: tensor.type.size)
      return nonzero == tensor.nonzeroCount ? nil : .nonzeroCount
    })
}

extension Tensor {
  /// The layout of a tensor in panels.
  fileprivate var panelLayout: PanelLayout? {
    panelOrder.flatMap { PanelLayout(shape, $0, elementSize: type.size) }
  }

  /// This tensor in panels of `order`, or nil where it cannot lie so.
  public func inPanels(_ order: PanelOrder) -> Tensor? {
    guard let layout = PanelLayout(shape, order, elementSize: type.size),
      quantization?.isSymmetric ?? true
    else { return nil }
    let source = dense
    let panels =
      switch type.size {
      case 1: Self.panels(of: source, layout, UInt8.self)
      case 2: Self.panels(of: source, layout, UInt16.self)
      default: Self.panels(of: source, layout, UInt32.self)
      }
    return Tensor(
      type: type, shape: shape, quantization: quantization, encoding: .panels,
      nonzeroCount: nonzeroCount, positions: Bytes([]), values: Bytes(panels), panelOrder: order)
  }

  /// The bytes of `source`, in row-major order, in panels.
  private static func panels<T: FixedWidthInteger & BitwiseCopyable>(
    of source: Bytes, _ layout: PanelLayout, _: T.Type
  ) -> [UInt8] {
    let size = MemoryLayout<T>.size
    var panels = [UInt8](repeating: 0, count: layout.byteCount)
    source.withUnsafeBytes { source in
      panels.withUnsafeMutableBytes { panels in
        layout.forEach { packed, plain in
          panels.storeBytes(
            of: source.loadUnaligned(fromByteOffset: plain * size, as: T.self),
            toByteOffset: packed * size, as: T.self)
        }
      }
    }
    return panels
  }

  /// The elements in row-major order.
  fileprivate func plain<T: FixedWidthInteger & BitwiseCopyable>(
    _ layout: PanelLayout, _: T.Type
  ) -> [UInt8] {
    let size = MemoryLayout<T>.size
    return values.withUnsafeBytes { panels in
      [UInt8](unsafeUninitializedCapacity: shape.count * size) { out, initialized in
        let out = UnsafeMutableRawBufferPointer(out)
        layout.forEach { packed, plain in
          out.storeBytes(
            of: panels.loadUnaligned(fromByteOffset: packed * size, as: T.self),
            toByteOffset: plain * size, as: T.self)
        }
        initialized = shape.count * size
      }
    }
  }
}
