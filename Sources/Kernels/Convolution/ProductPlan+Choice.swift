extension ProductPlan {
  /// Returns the one of `kernels` that an estimate of cycles says is the fastest for these sizes.
  static func fastest<Function>(
    of kernels: [Kernel<Function>], pixels: Int, columns: Int, otherwise: Kernel<Function>
  ) -> Kernel<Function> {
    kernels.min {
      cost(pixels: pixels, columns: columns, tile: ($0.rows, $0.columns))
        < cost(pixels: pixels, columns: columns, tile: ($1.rows, $1.columns))
    } ?? otherwise
  }

  /// Returns the relative cost of a tile for these sizes, in half cycles per step of the products.
  static func cost(pixels: Int, columns: Int, tile: (rows: Int, columns: Int)) -> Double {
    let tiles = max(1, (pixels + tile.rows - 1) / tile.rows)
    let m = Double(pixels) / Double(tiles)
    var left = (columns + 15) / 16
    var cost = 0.0
    while left > 0 {
      let v = Double(min(left, tile.columns / 16))
      // Latency bounds narrow tiles, loads the flat ones.
      cost += max(m * v, m + v, 8) + 0.1 * (m + v)
      left -= tile.columns / 16
    }
    return cost * Double(tiles)
  }
}
