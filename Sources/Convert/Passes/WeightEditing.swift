import ModelFormat
import Operators

/// Changes to weights that keep their stored type where they can.
extension Tensor {
  /// The transposed matrix; stored integers and their scales move along.
  func transposedMatrix() -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let size = type.size
    let bytes = dense.withUnsafeBytes { source in
      [UInt8](unsafeUninitializedCapacity: source.count) { out, initialized in
        if let base = out.baseAddress {
          // A matrix is an image of one row whose channels are the matrix's rows.
          Permutation.toChannelsLast(
            source, UnsafeMutableRawPointer(base), [1, rows, 1, columns], size)
        }
        initialized = source.count
      }
    }
    var moved = quantization
    if let axis = moved?.axis { moved?.axis = 1 - axis }
    return Tensor(type: type, shape: [columns, rows], bytes: Bytes(bytes), quantization: moved)
  }

  /// Row `r` of the first dimension times `factor(r)`.
  ///
  /// Integers stay: their scales change.
  func scaledRows(by factor: (Int) -> Float) -> Tensor {
    let rows = shape[0]
    let factors = (0..<rows).map(factor)
    if let quantization, quantization.axis == 0 || quantization.axis == nil,
      quantization.isSymmetric, factors.allSatisfy({ $0 > 0 && $0.isNormal })
    {
      let scales = (0..<rows).map { row in
        quantization.scales[quantization.axis == nil ? 0 : row] * factors[row]
      }
      if scales.allSatisfy(\.isNormal) {
        return Tensor(
          type: type, shape: shape, bytes: dense,
          quantization: Quantization(scales: scales, axis: 0))
      }
    }
    var elements = floats()
    let columns = rows == 0 ? 0 : elements.count / rows
    for row in 0..<rows {
      for index in (row * columns)..<((row + 1) * columns) { elements[index] *= factors[row] }
    }
    return Tensor(elements, shape: shape)
  }
}

extension Graph {
  /// Appends a constant that operators see as `type`, whatever type it is stored in.
  mutating func addConstant(_ name: String, _ tensor: Tensor, as type: ElementType) -> ValueID {
    add(Value(name: name, type: type, shape: tensor.shape, constant: tensor))
  }

  /// A constant with `tensor`, in place of `id` where nobody else reads that; else one named after it with
  /// `suffix`.
  mutating func own(_ id: ValueID, _ tensor: Tensor, _ suffix: String) -> ValueID {
    let readers = nodes.reduce(0) { $0 + $1.inputs.count { $0 == id } }
    guard readers > 1 else {
      self[id].constant = tensor
      return id
    }
    var names = FreshNames(self)
    return addConstant(names.name(self[id].name + ".\(suffix)"), tensor, as: .float32)
  }
}
