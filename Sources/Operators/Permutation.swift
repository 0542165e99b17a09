import Kernels
public import ModelFormat

/// Copies between the two layouts of a rank-4 tensor, for any element size.
public enum Permutation {
  /// Copies N, C, H, W at `source` to N, H, W, C at `target`.
  public static func toChannelsLast(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawPointer, _ shape: Shape,
    _ elementSize: Int
  ) {
    copy(
      source, target, batch: shape[0], rows: shape[1], columns: shape[2] &* shape[3], elementSize)
  }

  /// Copies N, H, W, C at `source` to N, C, H, W at `target`; `shape` is N, C, H, W.
  public static func toRowMajor(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawPointer, _ shape: Shape,
    _ elementSize: Int
  ) {
    copy(
      source, target, batch: shape[0], rows: shape[2] &* shape[3], columns: shape[1], elementSize)
  }

  /// Transposes each of `batch` matrices of `rows` by `columns`.
  private static func copy(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawPointer, batch: Int, rows: Int,
    columns: Int, _ elementSize: Int
  ) {
    guard let base = source.baseAddress, !source.isEmpty else { return }
    func transpose<T: BitwiseCopyable>(_: T.Type) {
      let from = base.assumingMemoryBound(to: T.self)
      let to = target.assumingMemoryBound(to: T.self)
      for item in 0..<batch {
        let offset = item * rows * columns
        for row in 0..<rows {
          for column in 0..<columns {
            to[offset + column * rows + row] = from[offset + row * columns + column]
          }
        }
      }
    }
    // Bytes and words have kernels; other sizes are rare.
    let kernels = LayoutChange.best
    switch elementSize {
    case 1:
      for item in 0..<batch {
        let offset = item * rows * columns
        kernels.transpose(
          rows: rows, columns: columns, base.assumingMemoryBound(to: UInt8.self) + offset,
          pitch: columns, to: target.assumingMemoryBound(to: UInt8.self) + offset, pitch: rows)
      }
    case 2: transpose(UInt16.self)
    case 4:
      for item in 0..<batch {
        let offset = item * rows * columns
        kernels.transpose(
          rows: rows, columns: columns, base.assumingMemoryBound(to: UInt32.self) + offset,
          pitch: columns, to: target.assumingMemoryBound(to: UInt32.self) + offset, pitch: rows)
      }
    default: transpose(UInt64.self)
    }
  }
}
