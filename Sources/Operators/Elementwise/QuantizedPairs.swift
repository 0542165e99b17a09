import Kernels
import ModelFormat

/// A sum of two stored numbers, for operands that no kernel walks.
private struct EachSum: PairFunction {
  let sum: AddU8
  @inline(__always)
  func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 { sum(a, b) }
}

/// A product of two stored numbers, likewise.
private struct EachProduct: PairFunction {
  let product: MulU8
  @inline(__always)
  func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 { product(a, b) }
}

extension NodeFacts {
  /// An execution that adds or subtracts two quantized inputs, or nil where they are not quantized.
  func quantizedSum(
    _ kernel: String, isDifference: Bool
  ) throws(OperatorError) -> Execution? {
    guard let (a, b, y) = try quantizedPair() else { return nil }
    let sum = AddU8(a: a.stored, b: b.stored, output: y.stored, isDifference: isDifference)
    let walk = Broadcast(try output(), [try input(0), try input(1)])
    let overwrites = try overwritable([0, 1])
    guard let pairs = PairWalk(walk) else {
      return Execution(kernel: kernel + "_u8", overwrites: overwrites) { operands in
        operands.combine(walk, .input(0), .input(1), EachSum(sum: sum))
      }
    }
    let kernels = VectorKernels.best
    let (first, second) = pairs.isSwapped ? (1, 0) : (0, 1)
    let ordered = pairs.isSwapped ? sum.swapped : sum
    return Execution(kernel: kernels.byteNames.sum, overwrites: overwrites) { operands in
      pairs.run(operands) { rows in
        kernels.apply(
          ordered, operands.input(first, as: UInt8.self) + rows.first,
          operands.input(second, as: UInt8.self) + rows.second,
          to: operands.output(as: UInt8.self) + rows.output, rows: rows.count,
          count: rows.columns, bRow: rows.secondRow, bStep: pairs.step)
      }
    }
  }

  /// An execution that multiplies two quantized inputs, or nil where they are not quantized.
  func quantizedProduct() throws(OperatorError) -> Execution? {
    guard let (a, b, y) = try quantizedPair() else { return nil }
    let product = MulU8(a: a.stored, b: b.stored, output: y.stored)
    let walk = Broadcast(try output(), [try input(0), try input(1)])
    let overwrites = try overwritable([0, 1])
    guard let pairs = PairWalk(walk) else {
      return Execution(kernel: "mul_u8", overwrites: overwrites) { operands in
        operands.combine(walk, .input(0), .input(1), EachProduct(product: product))
      }
    }
    let kernels = VectorKernels.best
    let (first, second) = pairs.isSwapped ? (1, 0) : (0, 1)
    let ordered = pairs.isSwapped ? product.swapped : product
    return Execution(kernel: kernels.byteNames.product, overwrites: overwrites) { operands in
      pairs.run(operands) { rows in
        kernels.apply(
          ordered, operands.input(first, as: UInt8.self) + rows.first,
          operands.input(second, as: UInt8.self) + rows.second,
          to: operands.output(as: UInt8.self) + rows.output, rows: rows.count,
          count: rows.columns, bRow: rows.secondRow, bStep: pairs.step)
      }
    }
  }

  /// The parameters of two quantized inputs and the output, or nil where none is quantized.
  private func quantizedPair() throws(OperatorError) -> (Affine, Affine, Affine)? {
    let a = try input(0)
    let b = try input(1)
    guard a.quantization != nil || b.quantization != nil else { return nil }
    return (try a.affine("the first input"), try b.affine("the second input"), try outputAffine())
  }
}
