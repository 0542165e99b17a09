/// A rectangle of pixels within a buffer that may be wider: what crops and resizings hand on.
struct Raster {
  let pixels: [UInt8]
  let offset: Int
  /// Bytes from one row to the next.
  let stride: Int
  let width: Int
  let height: Int
  let channels: Int

  /// The whole of an image.
  init(_ image: Image) {
    self.init(image.pixels, width: image.width, height: image.height, channels: image.channels)
  }

  /// All of `pixels`, which are `width * height * channels`.
  init(_ pixels: [UInt8], width: Int, height: Int, channels: Int) {
    self.init(
      pixels, offset: 0, stride: width * channels, width: width, height: height,
      channels: channels)
  }

  private init(
    _ pixels: [UInt8], offset: Int, stride: Int, width: Int, height: Int, channels: Int
  ) {
    self.pixels = pixels
    self.offset = offset
    self.stride = stride
    self.width = width
    self.height = height
    self.channels = channels
  }

  /// The part in `columns` and `rows`, which lie within this one, on the same pixels.
  func cropped(columns: Range<Int>, rows: Range<Int>) -> Raster {
    precondition(columns.lowerBound >= 0 && columns.upperBound <= width)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= height)
    return Raster(
      pixels, offset: offset + rows.lowerBound * stride + columns.lowerBound * channels,
      stride: stride, width: columns.count, height: rows.count, channels: channels)
  }

  /// One channel of luma: Pillow's conversion to mode L, ITU-R 601-2 in 16-bit fixed point.
  func luma() -> Raster {
    guard channels == 3 else { return self }
    let gray = [UInt8](unsafeUninitializedCapacity: width * height) { out, count in
      pixels.withUnsafeBufferPointer { pixels in
        for y in 0..<height {
          let row = pixels[(offset + y * stride)...]
          let start = row.startIndex
          for x in 0..<width {
            let (red, green, blue) = (
              Int(row[start + 3 * x]), Int(row[start + 3 * x + 1]), Int(row[start + 3 * x + 2])
            )
            out[y * width + x] = UInt8(
              truncatingIfNeeded: (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16)
          }
        }
      }
      count = width * height
    }
    return Raster(gray, width: width, height: height, channels: 1)
  }
}
