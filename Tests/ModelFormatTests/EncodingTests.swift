import ModelFormat
import TestSupport
import Testing

@Suite struct EncodingTests {
  /// A tensor of `count` int8 elements of which about `density` percent are not zero.
  static func tensor(_ shape: Shape, density: Int, seed: UInt64 = 1) -> Tensor {
    var random = SeededGenerator(seed: seed)
    let elements = (0..<shape.count).map { _ -> Int8 in
      Int.random(in: 0..<100, using: &random) < density
        ? Int8.random(in: 1...Int8.max, using: &random) : 0
    }
    return Tensor(type: .int8, shape: shape, bytes: Bytes(elements: elements))
  }

  @Test(
    arguments: Encoding.choices,
    [[], [0], [1], [7], [8], [9], [15], [16], [17], [31], [3, 0, 2], [5, 13], [4, 3, 3, 3]]
      as [Shape])
  func everyEncodingGivesBackWhatItWasGiven(encoding: Encoding, shape: Shape) {
    for density in [0, 1, 10, 50, 90, 100] {
      let dense = Self.tensor(shape, density: density)
      let encoded = dense.encoded(as: encoding)
      // A palette needs two different elements.
      let isPossible = encoding != .palette || Set(dense.values.array).count > 1
      #expect(encoded.encoding == (isPossible ? encoding : .dense))
      #expect(encoded.byteCount == dense.byteCount(as: encoded.encoding))
      #expect(encoded.dense.array == dense.values.array)
      #expect(encoded.nonzeroCount == dense.nonzeroCount)
    }
  }

  @Test(arguments: [ElementType.uint8, .int16, .float32, .int64], Encoding.choices)
  func encodingsServeEveryElementSize(type: ElementType, encoding: Encoding) {
    var random = SeededGenerator(seed: 3)
    var bytes = [UInt8](repeating: 0, count: 60 * type.size)
    for element in stride(from: 0, to: 60, by: 7) {
      bytes[element * type.size] = UInt8.random(in: 1...255, using: &random)
    }
    let dense = Tensor(type: type, shape: [6, 10], bytes: Bytes(bytes))
    #expect(dense.encoded(as: encoding).dense.array == bytes)
  }

  /// Gaps at which a nibble overflows: 14 fits, 15 needs an escape, 30 needs two.
  @Test(arguments: [0, 13, 14, 15, 16, 29, 30, 31, 45])
  func nibbleGapsEscapeLongRuns(gap: Int) {
    var elements = [Int8](repeating: 0, count: 100)
    elements[0] = 1
    elements[gap + 1] = 2
    let dense = Tensor(type: .int8, shape: [100], bytes: Bytes(elements: elements))
    #expect(dense.encoded(as: .nibbleGap).dense.array == dense.values.array)
  }

  @Test func theSmallestEncodingIsChosen() {
    for density in [0, 5, 20, 50, 80, 95, 100] {
      let dense = Self.tensor([64, 64], density: density)
      let sizes = Encoding.choices.compactMap { dense.byteCount(as: $0) }
      #expect(dense.encoded().byteCount == sizes.min())
    }
    #expect(Self.tensor([64, 64], density: 5).encoded().encoding == .nibbleGap)
    #expect(Self.tensor([64, 64], density: 50).encoded().encoding == .bitmask)
    let full = (0..<4096).map { Int8(truncatingIfNeeded: $0) }
    #expect(BlockEncodingTests.int8(full, [64, 64]).encoded().encoding == .dense)
  }

  @Test func rowsThatAreTooWideForSixteenBitsStayDense() {
    let wide = Self.tensor([1, 65537], density: 1)
    #expect(wide.byteCount(as: .csr16) == nil)
    #expect(wide.encoded(as: .csr16).encoding == .dense)
    #expect(Self.tensor([1, 65536], density: 1).encoded(as: .csr16).encoding == .csr16)
  }

  @Test func halfPrecisionIsExactForEveryBitPattern() {
    for bits in UInt16.min...UInt16.max {
      let ours = Float(halfBits: bits)
      let theirs = Float(Float16(bitPattern: bits))
      #expect(ours.bitPattern == theirs.bitPattern || (ours.isNaN && theirs.isNaN))
      if !ours.isNaN { #expect(ours.halfBits == bits) }
    }
    var random = SeededGenerator(seed: 5)
    for _ in 0..<100_000 {
      let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
      if !value.isNaN { #expect(value.halfBits == Float16(value).bitPattern) }
    }
  }

  @Test func negativeZeroIsStored() {
    let tensor = Tensor([0, -0.0, 1, 0], shape: [4])
    #expect(tensor.nonzeroCount == 2)
    #expect(tensor.encoded(as: .bitmask).dense.array == tensor.values.array)
  }

  @Test func zerosThatStandForSomethingStayDense() throws {
    // Mostly zero bytes, but zero is -100 and 255 is 0, as masks of attention come.
    var bytes = [UInt8](repeating: 0, count: 4096)
    for index in stride(from: 0, to: 4096, by: 50) { bytes[index] = 255 }
    let mask = Tensor(
      type: .uint8, shape: [64, 64], bytes: Bytes(bytes),
      quantization: Quantization(scale: 0.4, zeroPoint: 255))
    #expect(mask.encoded().encoding == .dense && mask.encoded(as: .bitmask).encoding == .dense)
    var graph = Graph(name: "mask")
    let id = graph.add(
      Value(name: "mask", type: .float32, shape: [64, 64], constant: mask.encoded()))
    graph.outputs = [id]
    let read = try ModelReader.read(Bytes(ModelWriter(Model(graph: graph)).bytes()))
    #expect(read.model.graph[id].constant?.floats() == mask.floats())
  }
}
