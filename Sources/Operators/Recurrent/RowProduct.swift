import Kernels
import ModelFormat

/// A product of rows with a matrix of weights that has one row for each result: `c = a · wᵀ`.
///
/// Constant weights are packed once; others are read from the node's input at each run.
struct RowProduct: Sendable {
  /// The scratch memory that a run needs.
  let scratch: ScratchSize
  private let packed: ConvolutionF32?
  private let product: ProductF32?
  private let input: Int
  private let offset: Int
  private let depth: Int
  private let columns: Int

  /// The product of `rows` rows with `columns` rows of `depth` weights each.
  ///
  /// - Parameters:
  ///   - input: the node's input that holds the weights.
  ///   - offset: the first weight, counted in elements.
  ///   - weights: the elements of the input where it is constant.
  init(rows: Int, columns: Int, depth: Int, input: Int, offset: Int, weights: [Float]?) {
    self.input = input
    self.offset = offset
    self.depth = depth
    self.columns = columns
    guard let weights else {
      let product = ProductF32(m: rows, n: columns, k: depth, transposesB: true)
      self.product = product
      packed = nil
      scratch = product.scratch
      return
    }
    let geometry = ConvolutionGeometry(
      inputHeight: 1, inputWidth: rows, inputChannels: depth, outputChannels: columns)
    packed = weights.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { ConvolutionF32(geometry, weights: $0 + offset, bias: nil) }
    }
    product = nil
    scratch = packed?.scratch ?? ScratchSize()
  }

  /// Computes all rows; rows of `a` and `c` follow one another without gaps.
  func run(
    _ a: UnsafePointer<Float>, to c: UnsafeMutablePointer<Float>, _ operands: Operands,
    scratch: UnsafeMutableRawPointer
  ) {
    if let packed {
      packed.run(
        input: a, residual: nil, output: c, scratch: scratch, pool: operands.pool)
    } else if let product {
      product.run(
        a: a, lda: depth, b: operands.input(input, as: Float.self) + offset, ldb: depth, c: c,
        ldc: columns, scratch: scratch, pool: operands.pool)
    }
  }
}
