@testable import ModelFormat

extension RefusedFile {
  /// A names section of `names` in the given order.
  private static func section(_ names: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(UInt32(names.count))
    var offset: UInt32 = 0
    bytes.append(offset)
    for name in names {
      offset += UInt32(name.count)
      bytes.append(offset)
    }
    return bytes + names.joined()
  }

  /// Two more names, which are one string to Unicode: A with a ring, and the sign of the angstrom.
  static func nameAlike(_ draft: inout FileDraft) {
    let all = ["Add", "add", "c", "example", "x", "y", "\u{C5}", "\u{212B}"]
    draft[.names] = section(all.map { Array($0.utf8) })
  }

  /// The names of the worked example, with one in place of "x", which is the fifth.
  private static func names(_ what: String, replacing name: [UInt8]) -> RefusedFile {
    .init(.nameText, what, "name 4") {
      let all = ["Add", "add", "c", "example"].map { Array($0.utf8) } + [name, Array("y".utf8)]
      $0[.names] = section(all)
      // Seven offsets and the count, then four names.
      return $0.start(.names) + 32 + 14
    }
  }

  /// Strings.
  static let names: [RefusedFile] = [
    .init(.nameTable, "empty", "") {
      $0[.names] = []
      return $0.start(.names)
    },
    .init(.nameTable, "offsets-fall", "name 1") {
      $0[.names].store(UInt32(7), at: 8)
      return $0.start(.names) + 8
    },
    .init(.nameTable, "offset-behind-end", "name 1") {
      $0[.names].store(UInt32.max, at: 12)
      return $0.start(.names) + 8
    },
    .init(.nameTable, "not-from-zero", "names") {
      $0[.names].store(UInt32(1), at: 4)
      return $0.start(.names)
    },
    .init(.nameTable, "text-behind-the-last", "names") {
      $0[.names].append(UInt8(0x7A))
      return $0.start(.names)
    },
    names("no-utf8", replacing: [0x78, 0xC3]),
    names("overlong-nul", replacing: [0x78, 0xC0, 0x80]),
    names("surrogate", replacing: [0x78, 0xED, 0xA0, 0x80]),
    names("nul", replacing: [0x78, 0]),
    names("escape", replacing: [0x78, 0x1B, 0x5B, 0x32, 0x4A]),
    names("delete", replacing: [0x78, 0x7F]),
    names("c1-control", replacing: [0x78, 0xC2, 0x9B]),
    names("too-long", replacing: [UInt8](repeating: 0x78, count: Limits.nameBytes + 1)),
    .init(.nameOrder, "twice", "name 5") {
      $0[.names] = section(["Add", "add", "c", "example", "x", "x"].map { Array($0.utf8) })
      return $0.start(.names) + 32 + 15
    },
    .init(.nameOrder, "falling", "name 5") {
      $0[.names] = section(["Add", "add", "c", "example", "y", "x"].map { Array($0.utf8) })
      return $0.start(.names) + 32 + 15
    },
  ]

  /// Changes a field of value `index` of the worked example: 0 is x, 1 is c, 2 is y.
  private static func value<T: FixedWidthInteger>(
    _ rule: ModelError.Rule, _ what: String, _ index: Int, _ field: Int, _ value: T,
    at reported: Int, _ subject: String? = nil
  ) -> RefusedFile {
    .init(rule, what, subject ?? "value '\(["x", "c", "y"][index])'") {
      $0[.values].store(value, at: index * V1.valueRecordSize + field)
      return $0.start(.values) + index * V1.valueRecordSize + reported
    }
  }

  /// Quantized uint8 y; the other fields as given.
  private static func quantized(
    _ rule: ModelError.Rule, _ what: String, scale: Float, zeroPoint: Int32 = 0, at reported: Int
  ) -> RefusedFile {
    .init(rule, what, "value 'y'") {
      let record = 2 * V1.valueRecordSize
      $0[.values][record + 4] = ElementType.uint8.rawValue
      $0[.values][record + 6] = 1
      $0[.values].store(scale.bitPattern, at: record + 44)
      $0[.values].store(zeroPoint, at: record + 48)
      return $0.start(.values) + record + reported
    }
  }

  /// Values.
  static let values: [RefusedFile] = [
    value(.valueRecord, "no-such-name", 0, 0, UInt32(6), at: 0, ""),
    value(.valueRecord, "quantized-twice", 2, 6, UInt8(2), at: 6),
    value(.valueRecord, "reserved", 0, 7, UInt8(1), at: 7, ""),
    value(.valueRecord, "reserved-at-the-end", 2, 63, UInt8(1), at: 63, ""),
    value(.valueRecord, "scale-without-quantization", 0, 44, Float(1).bitPattern, at: 44),
    value(.valueRecord, "zero-point-without-quantization", 0, 48, Int32(1), at: 44),
    .init(.valueRecord, "quantized-constant", "value 'c'") {
      $0[.values][64 + 6] = 1
      $0[.values].store(Float(1).bitPattern, at: 64 + 44)
      return $0.start(.values) + 64 + 6
    },
    value(.valueName, "twice", 2, 0, UInt32(4), at: 0, "value 'x'"),
    .init(.valueName, "equivalent", "value '\u{212B}'") {
      nameAlike(&$0)
      $0[.values].store(UInt32(6), at: 0)
      $0[.values].store(UInt32(7), at: 2 * V1.valueRecordSize)
      return $0.start(.values) + 2 * V1.valueRecordSize
    },
    value(.elementType, "of-a-value", 0, 4, UInt8(8), at: 4),
    value(.elementType, "zero", 0, 4, UInt8(0), at: 4),
    quantized(.scale, "of-a-value-nan", scale: .nan, at: 44),
    quantized(.scale, "of-a-value-zero", scale: 0, at: 44),
    quantized(.zeroPoint, "of-a-value", scale: 1, zeroPoint: 256, at: 48),
    .init(.zeroPoint, "of-a-float", "value 'y'") {
      let record = 2 * V1.valueRecordSize
      $0[.values][record + 6] = 1
      $0[.values].store(Float(1).bitPattern, at: record + 44)
      return $0.start(.values) + record + 48
    },
    value(.tensorReference, "no-such-tensor", 1, 40, UInt32(2), at: 40),
    value(.tensorReference, "negative", 1, 40, UInt32.max, at: 40),
    value(.tensorReference, "another-shape", 1, 8, UInt32(4), at: 40),
    value(.tensorReference, "another-type", 1, 4, ElementType.int8.rawValue, at: 40),
    value(.tensorReference, "another-name", 0, 40, UInt32(1), at: 40),
    .init(.tensorReference, "of-nothing", "tensor 0") {
      $0[.values].store(UInt32(0), at: 64 + 40)
      return $0.start(.tensors)
    },
    .init(.constantExpansion, "shared-zeros", "value 'p'", graph: sharedZeros()) {
      $0.start(.values) + 16 * V1.valueRecordSize
    },
    .init(.openShape, "without-the-feature", "value 'y'") {
      openShape(of: 2, &$0)
      return $0.start(.values) + 2 * V1.valueRecordSize + 5
    },
    .init(.openShape, "of-a-constant", "value 'c'") {
      $0.header.store(UInt64(1), at: 24)
      openShape(of: 1, &$0)
      return $0.start(.values) + 64 + 5
    },
    .init(.openShape, "of-an-input", "graph input 'x'") {
      $0.header.store(UInt64(1), at: 24)
      openShape(of: 0, &$0)
      return $0.start(.graph) + 4
    },
  ]

  private static func openShape(of index: Int, _ draft: inout FileDraft) {
    let record = index * V1.valueRecordSize
    draft[.values][record + 5] = V1.openRank
    draft[.values].replaceSubrange(
      (record + 8)..<(record + 40), with: [UInt8](repeating: 0, count: 32))
  }

  /// Seventeen values that share a tensor of 16 MiB of zeros, which takes no byte.
  private static func sharedZeros() -> Graph {
    let zeros = Tensor(
      type: .int8, shape: [1 << 24], quantization: nil, encoding: .nibbleGap, nonzeroCount: 0,
      positions: Bytes([]), values: Bytes([]))
    var graph = Graph(name: "zeros")
    for letter in "0123456789abcdefp" { _ = graph.addConstant("\(letter)", zeros) }
    return graph
  }

  /// Gives x, the graph's input, the extents `extents`.
  private static func extents(
    _ rule: ModelError.Rule, _ what: String, _ extents: [UInt32], rank: UInt8? = nil,
    at reported: Int = 8
  ) -> RefusedFile {
    .init(rule, what, "value 'x'") {
      $0[.values][5] = rank ?? UInt8(extents.count)
      for (index, extent) in extents.enumerated() {
        $0[.values].store(extent, at: 8 + index * 4)
      }
      return $0.start(.values) + reported
    }
  }

  /// Shapes.
  static let shapes: [RefusedFile] = [
    extents(.rank, "nine", [3, 12], rank: 9),
    extents(.rank, "huge", [3, 12], rank: 254),
    extents(.rank, "unused-extent", [3, 12, 1], rank: 2, at: 16),
    // 2⁶⁴ elements, so that a product in 64 bits is zero.
    extents(.elementCount, "product-is-zero", [65_536, 65_536, 65_536, 65_536]),
    // A multiple of 2⁶⁴ and 36 elements, so that it is that of the tensor.
    extents(.elementCount, "product-wraps", [0x884F_3DD7, 0x9209_3D27, 0xD545_D6F4, 0x9AE3_EE7D]),
    extents(.elementCount, "zero-hides-others", [0, .max, .max]),
    extents(.elementCount, "negative", [.max, .max]),
    extents(.elementCount, "just-above", [1 << 20, (1 << 20) + 1]),
    .init(.elementCount, "of-a-tensor", "tensor 'c'") {
      $0[.tensors].store(UInt32.max, at: 8)
      $0[.tensors].store(UInt32.max, at: 12)
      return $0.start(.tensors) + 8
    },
    .init(.rank, "of-a-tensor", "tensor 'c'") {
      $0[.tensors][2] = 9
      return $0.start(.tensors) + 8
    },
  ]
}
