import TestSupport
import Testing

@testable import ModelFormat

/// Dense weights in panels.
///
/// Expected streams come from a separate writer (numpy), made from docs/Format.md.
@Suite struct PanelEncodingTests {
  static func int8(_ elements: [Int8], _ shape: Shape) -> Tensor {
    Tensor(type: .int8, shape: shape, bytes: Bytes(elements: elements))
  }

  /// A file whose one constant is `tensor`.
  static func file(_ tensor: Tensor) -> [UInt8] {
    var graph = Graph(name: "panels")
    let id = graph.add(
      Value(name: "w", type: tensor.type, shape: tensor.shape, constant: tensor))
    graph.outputs = [id]
    return ModelWriter(Model(graph: graph)).bytes()
  }

  /// The rule that a file breaks.
  static func rule(_ tensor: Tensor) -> ModelError.Rule? {
    do throws(ModelError) {
      _ = try ModelReader.read(Bytes(file(tensor)))
      return nil
    } catch { return error.rule }
  }

  @Test func theExampleOfThePageHoldsByteByByte() throws {
    var elements = [Int8](repeating: 0, count: 36)
    for (index, value) in [(2, Int8(5)), (7, -3), (24, 7), (35, 1)] { elements[index] = value }
    let order = PanelOrder(groups: 1, sideBySide: 1, quantum: 4)
    let panels = try #require(Self.int8(elements, [3, 12]).inPanels(order))
    var expected = [UInt8](repeating: 0, count: 192)
    for (index, value) in [(2, UInt8(5)), (8, 7), (64 + 3, 0xFD), (128 + 11, 1)] {
      expected[index] = value
    }
    #expect(panels.values.array == expected && panels.positions.count == 0)
  }

  /// Shape, order, and SHA-256 of the values that the other writer made of the same pseudo-random weights.
  static let digests: [(Shape, PanelOrder, ElementType, String)] = [
    ([5, 13, 3, 3], .init(groups: 1, sideBySide: 3, quantum: 4), .int8, "b707685f7a3407e2"),
    ([7, 64], .init(groups: 1, sideBySide: 1, quantum: 4), .int8, "c73ef80f4617fcae"),
    ([32, 4, 3, 3], .init(groups: 4, sideBySide: 1, quantum: 4), .int8, "8732c03259a74a34"),
    ([20, 3, 7, 7], .init(groups: 1, sideBySide: 7, quantum: 4), .int8, "07277120b4861d7b"),
    ([17, 6, 1, 3], .init(groups: 1, sideBySide: 1, quantum: 1), .float32, "317788a8a3333611"),
    ([48, 2, 5], .init(groups: 3, sideBySide: 5, quantum: 1), .float32, "4b1686696a31b8c5"),
  ]

  static func weights(_ shape: Shape, _ type: ElementType) -> Tensor {
    var state = 12345
    func next() -> Int {
      state = (state * 1_103_515_245 + 12345) & 0x7FFF_FFFF
      return state >> 16
    }
    let elements = (0..<shape.count).map { _ -> Int in
      let value = next() % 255 - 127
      return next() % 100 < 90 ? value : 0
    }
    return type == .int8
      ? int8(elements.map { Int8($0) }, shape) : Tensor(elements.map { Float($0) }, shape: shape)
  }

  @Test(arguments: digests)
  func streamsAreThoseOfAnotherWriter(
    shape: Shape, order: PanelOrder, type: ElementType, digest: String
  ) throws {
    let plain = Self.weights(shape, type)
    let panels = try #require(plain.inPanels(order))
    #expect(SHA256.digest(panels.values.array).hexadecimal.prefix(16) == digest)
    #expect(panels.dense.array == plain.values.array)
    let file = Self.file(panels)
    let read = try ModelReader.read(Bytes(file))
    let constant = try #require(read.model.graph.values[0].constant)
    #expect(constant.encoding == .panels && constant.panelOrder == order)
    #expect(constant.dense.array == plain.values.array)
    #expect(constant.nonzeroCount == plain.nonzeroCount)
    #expect(ModelWriter(read.model).bytes() == file)
  }

  @Test func ordersThatATensorCannotHaveAreNone() {
    let tensor = Self.weights([6, 4, 3, 3], .int8)
    for order in [
      PanelOrder(groups: 4, sideBySide: 1, quantum: 4), .init(groups: 0, sideBySide: 1, quantum: 4),
      .init(groups: 1, sideBySide: 2, quantum: 4), .init(groups: 1, sideBySide: 0, quantum: 4),
      .init(groups: 1, sideBySide: 1, quantum: 1), .init(groups: 1, sideBySide: 1, quantum: 0),
    ] {
      #expect(tensor.inPanels(order) == nil)
      // The same stated by a file.
      #expect(Self.rule(Self.panels(tensor, order, [])) == .tensorRecord)
    }
    let order = PanelOrder(groups: 1, sideBySide: 1, quantum: 4)
    #expect(Self.int8([1, 2, 3], [3]).inPanels(order) == nil)
    #expect(Self.int8([], [0, 3]).inPanels(order) == nil)
    let shifted = Tensor(
      type: .int8, shape: [2, 2], bytes: Bytes(elements: [Int8](repeating: 3, count: 4)),
      quantization: Quantization(scale: 1, zeroPoint: 2))
    #expect(shifted.inPanels(order) == nil)
  }

  /// A tensor with the description of `tensor`, and `values` in panels.
  static func panels(
    _ tensor: Tensor, _ order: PanelOrder, _ values: [UInt8], positions: [UInt8] = [],
    nonzero: Int? = nil
  ) -> Tensor {
    Tensor(
      type: tensor.type, shape: tensor.shape, quantization: nil, encoding: .panels,
      nonzeroCount: nonzero ?? tensor.nonzeroCount, positions: Bytes(positions),
      values: Bytes(values), panelOrder: order)
  }

  @Test func streamsThatBreakARuleAreRefused() throws {
    // Two inputs leave half of each word empty, five outputs eleven columns.
    let tensor = Self.weights([5, 2, 1, 1], .int8)
    let order = PanelOrder(groups: 1, sideBySide: 1, quantum: 4)
    let values = try #require(tensor.inPanels(order)).values.array
    #expect(values.count == 64)
    #expect(Self.rule(Self.panels(tensor, order, values)) == nil)
    #expect(Self.rule(Self.panels(tensor, order, Array(values.dropLast()))) == .encodingStream)
    #expect(Self.rule(Self.panels(tensor, order, values + [0])) == .encodingStream)
    #expect(Self.rule(Self.panels(tensor, order, values, positions: [0])) == .encodingStream)
    #expect(Self.rule(Self.panels(tensor, order, values, nonzero: 3)) == .encodingStream)
    for padding in [2, 3, 19, 20, 63] {
      var bad = values
      bad[padding] = 1
      #expect(
        Self.rule(Self.panels(tensor, order, bad, nonzero: tensor.nonzeroCount + 1))
          == .encodingStream, "byte \(padding)")
    }
  }

  @Test func everyFlippedBitIsRefused() throws {
    let order = PanelOrder(groups: 1, sideBySide: 1, quantum: 4)
    var file = Self.file(try #require(Self.weights([3, 6], .int8).inPanels(order)))
    for offset in file.indices {
      for bit in 0..<8 {
        file[offset] ^= 1 << UInt8(bit)
        #expect(throws: ModelError.self, "byte \(offset) bit \(bit)") {
          try ModelReader.read(Bytes(file))
        }
        file[offset] ^= 1 << UInt8(bit)
      }
    }
  }

  @Test func sizesAreNeverTheSmallestChoice() {
    let tensor = Self.weights([16, 64], .int8)
    #expect(tensor.byteCount(as: .panels) == nil)
    #expect(tensor.encoded(as: .panels).encoding == .dense)
  }
}
