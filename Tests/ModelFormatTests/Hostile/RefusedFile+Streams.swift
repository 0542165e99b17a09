@testable import ModelFormat

extension RefusedFile {
  /// A tensor of the example whose streams are those of `encoding` after `edit`.
  private static func stream(
    _ encoding: Encoding, _ what: String, _ violation: EncodingRule,
    _ edit: (inout Streams) -> Void
  ) -> RefusedFile {
    let plain = Tensor(type: .int8, shape: [3, 12], bytes: Bytes(HostileGraphs.elements()))
    let tensor =
      encoding == .panels
      ? plain.inPanels(PanelOrder(groups: 1, sideBySide: 1, quantum: 4)) ?? plain
      : plain.encoded(as: encoding)
    var streams = Streams(tensor)
    edit(&streams)
    return .init(
      .encodingStream, "\(encoding.name)-\(what)", "tensor 'c'",
      detail: "\(encoding.name): \(violation.rawValue)",
      of: FileDraft(HostileGraphs.constant(streams.tensor, type: streams.type))
    ) { $0.start(.data) }
  }

  /// What a tensor is made of; nothing of it is checked.
  struct Streams {
    var type: ElementType
    var shape: Shape
    let encoding: Encoding
    var nonzero: Int
    var positions: [UInt8]
    var values: [UInt8]
    let order: PanelOrder?

    init(_ tensor: Tensor) {
      type = tensor.type
      shape = tensor.shape
      encoding = tensor.encoding
      nonzero = tensor.nonzeroCount
      positions = tensor.positions.array
      values = tensor.values.array
      order = tensor.panelOrder
    }

    var tensor: Tensor {
      Tensor(
        type: type, shape: shape, quantization: nil, encoding: encoding, nonzeroCount: nonzero,
        positions: Bytes(positions), values: Bytes(values), panelOrder: order)
    }
  }

  /// Streams that break a rule of their encoding.
  static let streams: [RefusedFile] = [
    stream(.dense, "too-short", .streamSize) { $0.values.removeLast() },
    stream(.dense, "larger-shape", .streamSize) { $0.shape = [3, 4096] },
    stream(.dense, "with-positions", .streamSize) { $0.positions = [1] },
    stream(.dense, "nonzero-count", .nonzeroCount) { $0.nonzero = 5 },

    stream(.bitmask, "too-short", .streamSize) { $0.positions.removeLast() },
    stream(.bitmask, "bit-behind-the-last", .bitsBehindEnd) {
      $0.positions[4] = 0x80
    },
    stream(.bitmask, "one-bit-more", .nonzeroCount) { $0.positions[1] = 1 },
    stream(.bitmask, "one-bit-less", .nonzeroCount) { $0.positions[0] = 4 },
    stream(.bitmask, "stored-zero", .storedZero) { $0.values[1] = 0 },
    stream(.bitmask, "more-than-the-shape", .nonzeroCount) { $0.nonzero = 37 },
    stream(.bitmask, "trillion-nonzero", .nonzeroCount) { $0.nonzero = 1 << 43 },

    stream(.nibbleGap, "behind-the-last", .positionBehindEnd) { $0.positions[2] = 0x0B },
    stream(.nibbleGap, "skips-behind-the-last", .positionBehindEnd) { $0.positions[2] = 0x0F },
    stream(.nibbleGap, "too-short", .nonzeroCount) { $0.positions.removeLast() },
    stream(.nibbleGap, "too-long", .streamSize) { $0.positions.append(0) },
    stream(.nibbleGap, "last-half", .bitsBehindEnd) { $0.positions[2] = 0x1A },
    stream(.nibbleGap, "stored-zero", .storedZero) { $0.values[0] = 0 },
    stream(.nibbleGap, "values-too-long", .streamSize) { $0.values.append(1) },
    // 32 MiB of zeros that take no byte.
    stream(.nibbleGap, "expansion", .expansion) {
      $0 = Streams(
        Tensor(
          type: .int8, shape: [1 << 25], quantization: nil, encoding: .nibbleGap, nonzeroCount: 0,
          positions: Bytes([]), values: Bytes([])))
    },

    // Four pointers of 32 bits, then columns 2, 7, 0 and 11 of 16.
    stream(.csr16, "not-from-zero", .rowPointers) { $0.positions[0] = 1 },
    stream(.csr16, "pointers-fall", .rowPointers) { $0.positions[8] = 1 },
    stream(.csr16, "pointer-behind-the-last", .rowPointers) {
      $0.positions.store(UInt32.max, at: 4)
    },
    stream(.csr16, "last-pointer", .rowPointers) { $0.positions[12] = 3 },
    stream(.csr16, "column-twice", .columns) { $0.positions[18] = 2 },
    stream(.csr16, "columns-fall", .columns) { $0.positions[18] = 1 },
    stream(.csr16, "column-behind-the-last", .positionBehindEnd) { $0.positions[22] = 12 },
    stream(.csr16, "last-column-of-all", .positionBehindEnd) {
      $0.positions.store(UInt16.max, at: 22)
    },
    stream(.csr16, "too-short", .streamSize) { $0.positions.removeLast(2) },
    stream(.csr16, "too-wide", .streamSize) {
      $0.shape = [1, 65_537]
      $0.positions = [0, 0, 0, 0, 4, 0, 0, 0, 2, 0, 7, 0, 9, 0, 11, 0]
    },

    // Blocks 0, 1, 6 and 8 of nine.
    stream(.block1x4, "zero-block", .zeroBlock) {
      $0.values[2] = 0
      $0.nonzero = 3
    },
    stream(.block1x4, "bit-behind-the-last", .bitsBehindEnd) { $0.positions[1] = 0x41 },
    stream(.block1x4, "one-block-more", .nonzeroCount) { $0.positions[0] |= 4 },
    stream(.block1x4, "one-block-less", .nonzeroCount) { $0.positions[1] = 0 },
    stream(.block1x4, "nonzero-count", .nonzeroCount) { $0.nonzero = 5 },
    stream(.block1x4, "too-short", .streamSize) { $0.positions.removeLast() },

    stream(.block1x4Gap, "behind-the-last", .positionBehindEnd) { $0.positions[1] = 0x24 },
    stream(.block1x4Gap, "skips-behind-the-last", .positionBehindEnd) { $0.positions[1] = 0xFF },
    stream(.block1x4Gap, "too-short", .nonzeroCount) { $0.positions.removeLast() },
    stream(.block1x4Gap, "too-long", .streamSize) { $0.positions.append(0) },
    stream(.block1x4Gap, "values-cut", .streamSize) {
      $0.values = [0, 0, 5, 0, 0, 0, 0, 253, 7, 0, 0, 0, 1, 1]
      $0.nonzero = 5
    },

    stream(.panels, "padding", .padding) { $0.values[12] = 1 },
    stream(.panels, "too-short", .streamSize) { $0.values.removeLast(64) },
    stream(.panels, "with-positions", .streamSize) { $0.positions = [1] },
    stream(.panels, "nonzero-count", .nonzeroCount) { $0.nonzero = 3 },

    // Palette 0, 1, 5, 7, -3; three bits for each of 36 elements.
    stream(.palette, "one-entry", .streamSize) { $0.positions = [0] },
    stream(.palette, "no-entry", .streamSize) { $0.positions = [] },
    stream(.palette, "entries-fall", .palette) { $0.positions.swapAt(1, 2) },
    stream(.palette, "entry-twice", .palette) { $0.positions[1] = 0 },
    stream(.palette, "entry-not-used", .palette) { $0.positions.insert(2, at: 2) },
    stream(.palette, "behind-the-last-entry", .positionBehindEnd) { $0.values[0] |= 5 },
    stream(.palette, "last-bits", .bitsBehindEnd) { $0.values[13] |= 0x80 },
    stream(.palette, "too-long", .streamSize) { $0.values.append(0) },
    stream(.palette, "nonzero-count", .nonzeroCount) { $0.nonzero = 3 },
  ]
}
