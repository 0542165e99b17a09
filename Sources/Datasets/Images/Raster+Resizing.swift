extension Raster {
  /// The part in `columns` and `rows` of this raster resized to `width` x `height`: bilinear with
  /// antialiasing, bit for bit as Pillow's `resize` with `BILINEAR`.
  ///
  /// Only that part is computed. A pass along an axis whose size stays is left out. The order of
  /// the passes shows in single bits, for pixels are rounded in between: it is that of Pillow 13,
  /// which starts with the rows where more than twice as many of them go as columns; earlier
  /// versions never do.
  func resized(width: Int, height: Int, columns: Range<Int>, rows: Range<Int>) -> Raster {
    let horizontal =
      width == self.width ? nil : ResampleWeights(from: self.width, to: width, window: columns)
    let vertical =
      height == self.height ? nil : ResampleWeights(from: self.height, to: height, window: rows)
    let source = cropped(
      columns: horizontal?.inputs ?? columns, rows: vertical?.inputs ?? rows)
    let startsWithRows =
      self.height > height && self.height - height > 2 * (self.width - width)
    return startsWithRows
      ? source.resampledRows(vertical).resampledColumns(horizontal)
      : source.resampledColumns(horizontal).resampledRows(vertical)
  }

  /// The whole of this raster resized to `width` x `height`.
  func resized(width: Int, height: Int) -> Raster {
    resized(width: width, height: height, columns: 0..<width, rows: 0..<height)
  }

  /// The horizontal pass, where there is one, on the columns that it needs.
  private func resampledColumns(_ plan: ResampleWeights?) -> Raster {
    guard let plan else { return self }
    let origin = plan.inputs.lowerBound
    let (width, channels) = (plan.positions.count, channels)
    let size = width * height * channels
    let result = [UInt8](unsafeUninitializedCapacity: size) { out, count in
      pixels.withUnsafeBufferPointer { pixels in
        plan.weights.withUnsafeBufferPointer { weights in
          for y in 0..<height {
            for (x, position) in plan.positions.enumerated() {
              let source = offset + y * stride + (position.start - origin) * channels
              let target = (y * width + x) * channels
              let base = x * plan.stride
              for channel in 0..<channels {
                var sum = Self.half
                for index in 0..<position.count {
                  let pixel = Int32(pixels[source &+ index &* channels &+ channel])
                  sum &+= pixel &* weights[base &+ index]
                }
                out[target + channel] = Self.clip(sum)
              }
            }
          }
        }
      }
      count = size
    }
    return Raster(result, width: width, height: height, channels: channels)
  }

  /// The vertical pass, where there is one, on the rows that it needs.
  private func resampledRows(_ plan: ResampleWeights?) -> Raster {
    guard let plan else { return self }
    let origin = plan.inputs.lowerBound
    let (height, length) = (plan.positions.count, width * channels)
    var sums = [Int32](repeating: 0, count: length)
    let result = [UInt8](unsafeUninitializedCapacity: height * length) { out, count in
      pixels.withUnsafeBufferPointer { pixels in
        sums.withUnsafeMutableBufferPointer { sums in
          for (y, position) in plan.positions.enumerated() {
            sums.update(repeating: Self.half)
            for index in 0..<position.count {
              let weight = plan.weights[y * plan.stride + index]
              let source = offset + (position.start + index - origin) * stride
              for x in 0..<length { sums[x] &+= Int32(pixels[source &+ x]) &* weight }
            }
            for x in 0..<length { out[y &* length &+ x] = Self.clip(sums[x]) }
          }
        }
      }
      count = height * length
    }
    return Raster(result, width: width, height: height, channels: channels)
  }

  /// One half in the fixed point of the weights, so that shifting rounds.
  private static var half: Int32 { 1 << (ResampleWeights.precision - 1) }

  private static func clip(_ sum: Int32) -> UInt8 {
    UInt8(clamping: sum >> ResampleWeights.precision)
  }
}
