import CKernels

/// Transposition of matrices of bytes or words, and with it changes of the order of channels and pixels.
public struct LayoutChange: Sendable {
  private let bytes: Kernel<TransposeFunction>
  private let words: Kernel<TransposeFunction>
  private let quantizer: Kernel<QuantizePlanesFunction>

  /// The kernels for the best instruction set there is, looked up once.
  public static var best: LayoutChange { all[InstructionSet.best.rawValue] }
  private static let all = InstructionSet.allCases.map { LayoutChange($0) }

  /// The kernels for `isa`, or for the largest set below it that has them.
  public init(_ isa: InstructionSet = .best) {
    bytes = KernelTable.best(.transposeX8, upTo: isa, reference: transposeReferenceX8)
    words = KernelTable.best(.transposeX32, upTo: isa, reference: transposeReferenceX32)
    quantizer = KernelTable.best(
      .quantizePlanesU8, upTo: isa, reference: quantizePlanesReferenceU8)
  }

  /// The name of the kernel that quantizes.
  public var quantizeName: String { quantizer.name.string }

  /// Writes y[c * yPitch + r] = x[r * xPitch + c] for `rows` and `columns`, for elements of one byte.
  public func transpose(
    rows: Int, columns: Int, _ x: UnsafePointer<UInt8>, pitch xPitch: Int,
    to y: UnsafeMutablePointer<UInt8>, pitch yPitch: Int
  ) {
    bytes.function(rows, columns, x, xPitch, y, yPitch)
  }

  /// Writes y[c * yPitch + r] = x[r * xPitch + c] for `rows` and `columns`, for elements of four bytes.
  public func transpose(
    rows: Int, columns: Int, _ x: UnsafePointer<UInt32>, pitch xPitch: Int,
    to y: UnsafeMutablePointer<UInt32>, pitch yPitch: Int
  ) {
    words.function(rows, columns, x, xPitch, y, yPitch)
  }

  /// Quantizes planes into pixels: `y` [pixels][channels] from `x`, whose channels lie `pitch` elements
  /// apart, as `VectorKernels.quantize` does.
  public func quantize(
    channels: Int, pixels: Int, _ x: UnsafePointer<Float>, pitch: Int,
    to y: UnsafeMutablePointer<UInt8>, scale: Float, zeroPoint: UInt8
  ) {
    quantizer.function(channels, pixels, x, pitch, y, scale, Int32(zeroPoint))
  }
}

package typealias TransposeFunction =
  @convention(c) (Int, Int, UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int) -> Void
package typealias QuantizePlanesFunction =
  @convention(c) (
    Int, Int, UnsafePointer<Float>?, Int, UnsafeMutablePointer<UInt8>?, Float, Int32
  ) -> Void

@inline(__always)
private func transpose<T: BitwiseCopyable>(
  _: T.Type, _ rows: Int, _ columns: Int, _ x: UnsafeRawPointer?, _ xPitch: Int,
  _ y: UnsafeMutableRawPointer?, _ yPitch: Int
) {
  guard let x = x?.assumingMemoryBound(to: T.self), let y = y?.assumingMemoryBound(to: T.self)
  else { return }
  // Tiles of 16 by 16, so that both sides stay within a few cache lines.
  for top in stride(from: 0, to: rows, by: 16) {
    for left in stride(from: 0, to: columns, by: 16) {
      for column in left..<min(left + 16, columns) {
        for row in top..<min(top + 16, rows) {
          y[column * yPitch + row] = x[row * xPitch + column]
        }
      }
    }
  }
}

/// The portable form of `transpose_x8`.
package let transposeReferenceX8 = Kernel<TransposeFunction>(
  name: StaticName("pare_transpose_x8_1x1__portable"), rows: 1, columns: 1, isa: .portable
) { transpose(UInt8.self, $0, $1, $2, $3, $4, $5) }

/// The portable form of `transpose_x32`.
package let transposeReferenceX32 = Kernel<TransposeFunction>(
  name: StaticName("pare_transpose_x32_1x1__portable"), rows: 1, columns: 1, isa: .portable
) { transpose(UInt32.self, $0, $1, $2, $3, $4, $5) }

/// The portable form of `quantize_planes_u8`, same bits as the others.
package let quantizePlanesReferenceU8 = Kernel<QuantizePlanesFunction>(
  name: StaticName("pare_quantize_planes_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { channels, pixels, x, pitch, y, scale, zero in
  guard let x, let y else { return }
  let rounding = ByteRounding(zero: zero, least: 0, most: 255)
  for i in 0..<pixels {
    for c in 0..<channels { y[i * channels + c] = rounding(x[c * pitch + i] / scale) }
  }
}
