import CKernels

/// Windows of one size, side by side in channels-last memory; distances count elements.
public struct PoolWindows: Sendable {
  /// The number of windows, and the distance of neighbours in the input.
  public var pixels: (count: Int, step: Int)
  /// The taps of a window along each dimension.
  public var planes: (count: Int, step: Int)
  /// The same, from row to row.
  public var rows: (count: Int, step: Int)
  /// The same, from column to column.
  public var columns: (count: Int, step: Int)
  /// Neighbouring elements that are pooled side by side; outputs lie this far apart.
  public var channels: Int

  /// The given windows.
  public init(
    pixels: (count: Int, step: Int), planes: (count: Int, step: Int) = (1, 0),
    rows: (count: Int, step: Int), columns: (count: Int, step: Int), channels: Int
  ) {
    self.pixels = pixels
    self.planes = planes
    self.rows = rows
    self.columns = columns
    self.channels = channels
  }

  /// The number of taps of a window.
  public var taps: Int { planes.count * rows.count * columns.count }

  var words: pare_pool_windows {
    pare_pool_windows(
      pixels: pixels.count, pixel_step: pixels.step, planes: planes.count, plane_step: planes.step,
      rows: rows.count, row_step: rows.step, columns: columns.count, column_step: columns.step,
      channels: channels)
  }
}

/// Maximum and average pooling of windows of one size that lie side by side in channels-last memory.
public struct PoolKernel: Sendable {
  private let float: Kernel<PoolFunctionF32>
  private let byte: Kernel<PoolFunctionU8>

  /// The kernels for the best instruction set there is, looked up once.
  public static var best: PoolKernel { all[InstructionSet.best.rawValue] }
  private static let all = InstructionSet.allCases.map { PoolKernel($0) }

  /// The kernels for `isa`, or for the largest set below it that has them.
  public init(_ isa: InstructionSet = .best) {
    float = KernelTable.best(.poolF32, upTo: isa, reference: poolReferenceF32)
    byte = KernelTable.best(.poolU8, upTo: isa, reference: poolReferenceU8)
  }

  /// The names of the kernels.
  public var names: (float: String, byte: String) { (float.name.string, byte.name.string) }

  /// Writes the greatest element of each window, leaving out what is not a number; minus infinity
  /// where nothing is left.
  public func maximum(
    _ windows: PoolWindows, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: windows.words) { float.function($0, x, y, -1) }
  }

  /// Writes the greatest element of each window; 0 for one without taps.
  public func maximum(
    _ windows: PoolWindows, _ x: UnsafePointer<UInt8>, to y: UnsafeMutablePointer<UInt8>
  ) {
    withUnsafePointer(to: windows.words) { byte.function($0, x, y, 0, -1, 0) }
  }

  /// Writes the sum of each window, taken in the order of its taps, over `divisor`, which is above 0.
  public func average(
    _ windows: PoolWindows, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>,
    divisor: Float
  ) {
    withUnsafePointer(to: windows.words) { float.function($0, x, y, divisor) }
  }

  /// Writes `zero` plus the rounded product of `factor`, which is not below 0, and the sum of each
  /// window and `start`, as `ByteRounding` says; no sum may leave 32 bits.
  public func average(
    _ windows: PoolWindows, _ x: UnsafePointer<UInt8>, to y: UnsafeMutablePointer<UInt8>,
    start: Int32, factor: Float, zero: UInt8
  ) {
    withUnsafePointer(to: windows.words) { byte.function($0, x, y, start, factor, Int32(zero)) }
  }
}
