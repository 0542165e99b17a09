extension Encoding.Codec {
  /// Every element, in row-major order.
  static let dense = Self(
    byteCount: { $0.values.count },
    encode: { $0 },
    expand: { $0.values.array },
    violation: { tensor in
      if tensor.positions.count != 0 { return .streamSize }
      if tensor.values.count != tensor.shape.count * tensor.type.size { return .streamSize }
      let nonzero = Tensor.countNonzero(tensor.values, elementSize: tensor.type.size)
      return nonzero == tensor.nonzeroCount ? nil : .nonzeroCount
    })
}
