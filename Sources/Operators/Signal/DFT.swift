import ModelFormat

extension Operator {
  /// DFT: the discrete Fourier transform along one dimension.
  ///
  /// Inputs: real or complex entries, whose last dimension is 1 or 2 (float32 or float64); length of
  /// the transform (constant; what lacks is zero); axis (constant, default -2). Attributes: `inverse`
  /// divides by the length; `onesided` leaves out what mirrors the rest, or, inverse, takes entries
  /// without it and gives real ones.
  static let dft = Operator(
    "DFT", since: 20, inputs: 1...3,
    infer: { facts throws(OperatorError) in [try TransformSizes(facts).result(facts)] },
    scans: { facts in
      guard let sizes = try? TransformSizes(facts) else { return 0 }
      return .saturatingProduct(
        sizes.outer, sizes.inner, sizes.length,
        FourierTransform<Float>.steps(length: sizes.length))
    },
    prepare: { facts throws(OperatorError) in
      let x = try facts.input(0)
      try facts.require(x, "input", among: [.float32, .float64])
      let sizes = try TransformSizes(facts)
      if try facts.output().count == 0 { return .nothing }
      return x.type == .float32 ? transform(sizes, Float.self) : transform(sizes, Double.self)
    })
}

/// How a DFT node walks over its input.
private struct TransformSizes: Sendable {
  var axis: Int
  var outer: Int, extent: Int, inner: Int
  /// Numbers of an entry: 1 or 2, in and out.
  var width: Int, resultWidth: Int
  /// Entries of a transform, and those that are written.
  var length: Int, results: Int
  var isInverse: Bool
  var isOneSided: Bool

  init(_ facts: NodeFacts) throws(OperatorError) {
    let x = try facts.input(0).shape
    guard x.rank >= 2, x[x.rank - 1] == 1 || x[x.rank - 1] == 2 else {
      throw .shapeMismatch("the last dimension of \(x) must be 1 or 2")
    }
    isInverse = try facts.int("inverse", default: 0) != 0
    isOneSided = try facts.int("onesided", default: 0) != 0
    axis = try facts.axis(try facts.constantInteger(2, "axis") ?? -2, rank: x.rank)
    guard axis < x.rank - 1 else {
      throw .attribute(name: "axis", problem: "is the last dimension")
    }
    width = x[x.rank - 1]
    extent = x[axis]
    let natural = isInverse && isOneSided ? 2 * (extent - 1) : extent
    length = try facts.constantInteger(1, "dft_length") ?? natural
    guard length >= 1, length <= 1 << 28 else {
      throw .shapeMismatch("a transform of \(length) entries is not supported")
    }
    results = isOneSided && !isInverse ? length / 2 + 1 : length
    resultWidth = isOneSided && isInverse ? 1 : 2
    outer = x.dimensions[..<axis].reduce(1, &*)
    inner = x.dimensions[(axis + 1)..<(x.rank - 1)].reduce(1, &*)
  }

  func result(_ facts: NodeFacts) throws(OperatorError) -> ValueFacts {
    let x = try facts.input(0)
    var extents = x.shape.dimensions
    extents[axis] = results
    extents[extents.count - 1] = resultWidth
    return try facts.result(x.type, extents)
  }
}

private func transform<T: RealElement>(
  _ sizes: TransformSizes, _: T.Type
) -> Execution {
  let fourier = FourierTransform<T>(length: sizes.length, isInverse: sizes.isInverse)
  let factor: T = sizes.isInverse ? 1 / T(sizes.length) : 1
  return Execution(
    kernel: "dft", scratchBytes: fourier.scratchCount * MemoryLayout<Complex<T>>.stride
  ) { operands in
    let scratch = operands.scratch.assumingMemoryBound(to: Complex<T>.self)
    let (inner, width) = (sizes.inner, sizes.width)
    for line in 0..<(sizes.outer * inner) {
      let from =
        operands.input(0, as: T.self)
        + (line / inner * sizes.extent * inner + line % inner) * width
      func entry(_ i: Int) -> Complex<T> {
        guard i < sizes.extent else { return Complex(0, 0) }
        let x = from + i * inner * width
        return Complex(x[0], width == 2 ? x[1] : 0)
      }
      for i in 0..<sizes.length { scratch[i] = entry(i) }
      if sizes.isInverse, sizes.isOneSided {
        // What is left out mirrors the rest; the middle of an even length is real, as is the first.
        for i in 0..<sizes.length where 2 * i > sizes.length {
          let mirrored = entry(sizes.length - i)
          scratch[i] = Complex(mirrored.x, -mirrored.y)
        }
        scratch[0].y = 0
        if sizes.length % 2 == 0 { scratch[sizes.length / 2].y = 0 }
      }
      let transformed = fourier.run(scratch)
      let to =
        operands.output(as: T.self)
        + (line / inner * sizes.results * inner + line % inner) * sizes.resultWidth
      for i in 0..<sizes.results {
        let y = to + i * inner * sizes.resultWidth
        y[0] = transformed[i].x * factor
        if sizes.resultWidth == 2 { y[1] = transformed[i].y * factor }
      }
    }
  }
}
