/// Copies a window of an image, brought to another size and mirrored where asked.
struct CropResize {
  let from: ImageShape
  let to: ImageShape
  let window: CropWindow
  let isMirrored: Bool

  /// Reads one image and writes one.
  ///
  /// `fill` stands for what lies outside of the image, where the window keeps
  /// its size. One that is resized lies within the image.
  func callAsFunction(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, fill: Float
  ) {
    if window.height == to.height, window.width == to.width {
      copy(source, target, fill)
    } else {
      resize(source, target)
    }
  }

  private func column(_ x: Int) -> Int { isMirrored ? to.width - 1 - x : x }

  private func copy(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ fill: Float
  ) {
    for y in 0..<to.height {
      let row = window.top + y
      for x in 0..<to.width {
        let place = target + y * to.pitch + x * to.step
        let column = window.left + column(x)
        let isInside = row >= 0 && row < from.height && column >= 0 && column < from.width
        let pixel = source + (isInside ? row * from.pitch + column * from.step : 0)
        for channel in 0..<to.channels {
          place[channel * to.plane] = isInside ? pixel[channel * from.plane] : fill
        }
      }
    }
  }

  /// First along the rows, for those of the window, then along the columns.
  private func resize(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>) {
    let across = TriangleTaps(from: window.width, to: to.width)
    let down = TriangleTaps(from: window.height, to: to.height)
    let channels = to.channels
    let line = to.width * channels
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, window.height * line)) { rows in
      for y in 0..<window.height {
        for x in 0..<to.width {
          let tap = column(x)
          let start =
            source + (window.top + y) * from.pitch + (window.left + across.first[tap]) * from.step
          for channel in 0..<channels {
            var sum: Float = 0
            for k in 0..<across.counts[tap] {
              sum +=
                across.weights[tap * across.pitch + k]
                * start[k * from.step + channel * from.plane]
            }
            rows[y * line + x * channels + channel] = sum
          }
        }
      }
      for y in 0..<to.height {
        for x in 0..<to.width {
          for channel in 0..<channels {
            var sum: Float = 0
            for k in 0..<down.counts[y] {
              sum +=
                down.weights[y * down.pitch + k]
                * rows[(down.first[y] + k) * line + x * channels + channel]
            }
            target[y * to.pitch + x * to.step + channel * to.plane] = sum
          }
        }
      }
    }
  }
}
