import ModelFormat
import Ship

/// How many bytes constants take on their way to a device: their streams, as `pare pack` codes them.
enum WireForecast {
  /// The bytes of each tensor, in the order of `tensors`.
  static func bytes(_ tensors: [Tensor]) -> [Int] {
    tensors.map { tensor in
      Packer.byteCount(tensor.positions.array, width: 1)
        + Packer.byteCount(tensor.values.array, width: tensor.type.size) + tensor.scaleBytes
    }
  }
}
