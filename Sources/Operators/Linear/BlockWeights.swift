import ModelFormat

/// Weights of few bits with a scale, and perhaps a zero point, for each block of a row: the inputs 1 to
/// 3 of a MatMulNBits.
struct BlockWeights {
  /// Rows of weights: outputs.
  let rows: Int
  /// Weights in a row: inputs.
  let depth: Int
  private let bits: Int
  private let block: Int
  /// Blocks in a row.
  private let blocks: Int

  /// The weights that the attributes of `facts` describe, checked against its inputs.
  init(_ facts: NodeFacts) throws(OperatorError) {
    rows = try facts.int("N", default: 0)
    depth = try facts.int("K", default: 0)
    bits = try facts.int("bits", default: 4)
    block = try facts.int("block_size", default: 0)
    guard [2, 4, 8].contains(bits) else {
      throw .attribute(name: "bits", problem: "is \(bits); 2, 4 and 8 are supported")
    }
    guard block >= 8, block <= 1 << 20, block & (block - 1) == 0 else {
      throw .attribute(
        name: "block_size", problem: "is \(block), but must be a power of two from 8")
    }
    guard rows > 0, depth > 0, rows <= Limits.extent, depth <= Limits.extent,
      Shape([rows, depth]).checkedCount != nil
    else { throw .shapeMismatch("the weights \(rows)x\(depth) are out of range") }
    blocks = (depth + block - 1) / block
    let weights = try facts.input(1)
    try facts.require(weights, "the weights", among: [.uint8])
    guard weights.count == rows * blocks * (block * bits / 8) else {
      throw .shapeMismatch(
        "the weights are \(weights.shape), but must be \(rows)x\(blocks)x\(block * bits / 8)")
    }
    guard try facts.input(2).count == rows * blocks else {
      throw .shapeMismatch("there must be \(rows * blocks) scales")
    }
    if let zero = facts.optionalInput(3) {
      let expected = zero.type == .uint8 ? rows * ((blocks * bits + 7) / 8) : rows * blocks
      guard zero.count == expected else {
        throw .shapeMismatch("the zero points are \(zero.shape), but must be \(expected) elements")
      }
    }
    if let bias = facts.optionalInput(4), bias.count != rows {
      throw .shapeMismatch("the bias is \(bias.shape), but must have \(rows) elements")
    }
  }

  /// The weights as real numbers, row by row; all inputs must be constant.
  func unpacked(_ facts: NodeFacts) throws(OperatorError) -> Tensor {
    guard let packed = try facts.input(1).constant else { throw .needsConstant(operand: "weights") }
    let codes = packed.dense.array
    let scales = try facts.constantFloats(2, "scales") ?? []
    let zeros = try zeroPoints(facts)
    var weights = [Float](repeating: 0, count: rows * depth)
    for row in 0..<rows {
      for column in 0..<depth {
        let index = row * blocks + column / block
        // Each block begins a byte of its own.
        let code = Self.code(codes, index * block + column % block, bits)
        weights[row * depth + column] = (Float(code) - zeros[index]) * scales[index]
      }
    }
    return Tensor(weights, shape: [rows, depth])
  }

  /// A zero point for each block of each row.
  private func zeroPoints(_ facts: NodeFacts) throws(OperatorError) -> [Float] {
    guard let zero = facts.optionalInput(3) else {
      return [Float](repeating: Float(1 << (bits - 1)), count: rows * blocks)
    }
    guard zero.type == .uint8 else { return try facts.constantFloats(3, "zero points") ?? [] }
    guard let packed = zero.constant else { throw .needsConstant(operand: "zero points") }
    let codes = packed.dense.array
    let perRow = (blocks * bits + 7) / 8 * 8 / bits
    return (0..<(rows * blocks)).map { index in
      Float(Self.code(codes, index / blocks * perRow + index % blocks, bits))
    }
  }

  /// Element `index` of a row of elements of `bits` bits.
  private static func code(_ bytes: [UInt8], _ index: Int, _ bits: Int) -> UInt8 {
    let perByte = 8 / bits
    let mask = UInt8(truncatingIfNeeded: (1 << bits) - 1)
    return bytes[index / perByte] >> UInt8(index % perByte * bits) & mask
  }
}
