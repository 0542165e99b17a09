@testable import ModelFormat

extension RefusedFile {
  private static let c = "tensor 'c'"

  /// Changes a field of the tensor's record.
  private static func tensor<T: FixedWidthInteger>(
    _ rule: ModelError.Rule, _ what: String, _ field: Int, _ value: T, at reported: Int,
    _ subject: String = c, _ graph: Graph = HostileGraphs.worked()
  ) -> RefusedFile {
    .init(rule, what, subject, of: FileDraft(graph)) {
      $0[.tensors].store(value, at: field)
      return $0.start(.tensors) + reported
    }
  }

  /// Changes a field of the record that says how scales lie; told where they lie.
  private static func scales<T: FixedWidthInteger>(
    _ rule: ModelError.Rule, _ what: String, _ field: Int, _ value: T,
    _ graph: Graph = HostileGraphs.worked()
  ) -> RefusedFile {
    let isAffine = graph.values[1].type == .float32 && graph.values[1].shape == [2, 4]
    return .init(rule, what, c, of: FileDraft(graph)) {
      $0[.tensors].store(value, at: field)
      return $0.start(.data) + (isAffine ? 16 : 32)
    }
  }

  /// Writes into the scales of the dense constant, or its zero points.
  private static func affine(
    _ rule: ModelError.Rule, _ what: String, _ bits: UInt32, at offset: Int, reported: Int? = nil
  ) -> RefusedFile {
    .init(rule, what, c, of: FileDraft(HostileGraphs.affine())) {
      $0[.data].store(bits, at: offset)
      return $0.start(.data) + (reported ?? offset)
    }
  }

  /// A record whose flags ask for other scales than there are.
  private static func flags(_ what: String, _ flags: UInt8, _ graph: Graph) -> RefusedFile {
    scales(.tensorRecord, what, 3, flags, graph)
  }

  private static let panels = HostileGraphs.constant(
    Tensor(type: .int8, shape: [3, 12], bytes: Bytes(HostileGraphs.elements())).inPanels(
      PanelOrder(groups: 1, sideBySide: 1, quantum: 4))
      ?? Tensor([], shape: [0]), type: .int8)

  /// Records of tensors, their places, scales and digests.
  static let tensors: [RefusedFile] = [
    tensor(.elementType, "of-a-tensor", 0, UInt8(15), at: 0),
    tensor(.encodingUnknown, "next", 1, UInt8(8), at: 1),
    tensor(.encodingUnknown, "last", 1, UInt8.max, at: 1),
    tensor(.tensorRecord, "reserved", 7, UInt8(1), at: 7, ""),
    tensor(.tensorRecord, "order-without-panels", 84, UInt8(16), at: 84, ""),
    tensor(.tensorRecord, "no-such-name", 80, UInt32(6), at: 80, ""),
    tensor(.tensorRecord, "offset-negative", 40, UInt64.max - 63, at: 40),
    tensor(.tensorRecord, "size-wraps", 56, UInt64.max - 31, at: 56),
    tensor(.tensorRecord, "size-above-the-limit", 48, UInt64(1) << 43 + 1, at: 48),
    tensor(.tensorRecord, "nonzero-negative", 72, UInt64.max, at: 72),
    tensor(.tensorRecord, "panels-of-no-output", 84, UInt8(0), at: 84, c, panels),
    tensor(.tensorRecord, "panels-of-no-quantum", 85, UInt8(0), at: 84, c, panels),
    tensor(.tensorRecord, "panels-reserved", 86, UInt16(1), at: 86, "", panels),
    tensor(.tensorRecord, "panels-of-no-group", 88, UInt32(0), at: 84, c, panels),
    tensor(.tensorRecord, "panels-of-no-tap", 92, UInt32(0), at: 84, c, panels),
    tensor(.tensorRecord, "panels-of-many-taps", 92, UInt32.max, at: 84, c, panels),
    flags("unknown-flag", 0x1B, HostileGraphs.worked()),
    flags("flags-without-scales", 0x0A, HostileGraphs.worked()),
    flags("ratios-without-axis", 0x09, HostileGraphs.worked(scales: nil)),
    flags("ratios-with-zero-points", 0x0F, HostileGraphs.worked()),
    flags("scales-without-flags", 0, HostileGraphs.affine()),
    scales(.tensorRecord, "axis-of-one-scale", 4, UInt8(1), HostileGraphs.worked(scales: nil)),
    scales(.tensorRecord, "axis-behind-rank", 4, UInt8(2)),
    scales(.tensorRecord, "one-scale-for-each-column", 4, UInt8(1)),
    scales(.tensorRecord, "quantized-float", 0, ElementType.bool.rawValue, HostileGraphs.affine()),
    affine(.scale, "nan", Float.nan.bitPattern, at: 16),
    affine(.scale, "infinite", Float.infinity.bitPattern, at: 16),
    affine(.scale, "zero", 0, at: 20),
    affine(.scale, "negative", Float(-1).bitPattern, at: 16),
    affine(.scale, "subnormal", Float.leastNonzeroMagnitude.bitPattern, at: 16),
    .init(.scale, "half-ratio-zero", c) {
      $0[.data].store(UInt16(0), at: 32 + 4 + 2)
      return $0.start(.data) + 32 + 4 + 2
    },
    .init(.scale, "half-ratio-of-nan", c) {
      $0[.data].store(Float.nan.bitPattern, at: 32)
      return $0.start(.data) + 32 + 4
    },
    affine(.zeroPoint, "outside-of-its-type", 256, at: 24),
    affine(.zeroPoint, "negative", .max, at: 28),
    affine(.zeroPoint, "all-zero-but-stored", 0, at: 24, reported: 16),
    .init(.sparseZeroPoint, "bitmask", c, of: FileDraft(sparseAffine())) {
      $0.start(.data) + 32
    },
    tensor(.tensorPlace, "behind-the-file", 40, UInt64(1) << 42, at: 40),
    tensor(.tensorPlace, "size-behind-the-file", 56, UInt64(1) << 43, at: 48),
    moved("unaligned", by: 16),
    moved("overlap", by: -64),
    moved("hole", by: 64),
    .init(.tensorPlace, "data-behind-the-last", "end of data") {
      $0[.data] += [UInt8](repeating: 0, count: 64)
      return $0.end - 64
    },
    .init(.tensorDigest, "flipped-bit", c) {
      let at = $0.start(.data) + 17
      $0.damage = { $0[at] ^= 0x10 }
      return $0.start(.data)
    },
    .init(.tensorDigest, "of-the-second", "tensor 'y'", of: FileDraft(HostileGraphs.twoTensors())) {
      let at = $0.end - 12
      $0.damage = { $0[at] ^= 1 }
      return $0.start(.data) + 64
    },
  ]

  /// The second of two tensors in another place.
  private static func moved(_ what: String, by distance: Int) -> RefusedFile {
    .init(.tensorPlace, what, "tensor 'y'", of: FileDraft(HostileGraphs.twoTensors())) {
      let record = V1.tensorRecordSize
      let offset = $0[.tensors].number(UInt64.self, at: record + 40)
      $0[.tensors].store(UInt64(Int(offset) + distance), at: record + 40)
      return $0.start(.tensors) + record + 40
    }
  }

  /// The example as a bitmask, with a zero point that no sparse tensor may have.
  private static func sparseAffine() -> Graph {
    let plain = Tensor(type: .int8, shape: [3, 12], bytes: Bytes(HostileGraphs.elements()))
    let sparse = plain.encoded(as: .bitmask)
    return HostileGraphs.constant(
      Tensor(
        type: .int8, shape: [3, 12], quantization: Quantization(scale: 1, zeroPoint: 3),
        encoding: .bitmask, nonzeroCount: sparse.nonzeroCount, positions: sparse.positions,
        values: sparse.values))
  }
}
