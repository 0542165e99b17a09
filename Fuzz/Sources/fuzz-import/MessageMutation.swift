import Operators

/// Changes of an ONNX file that keep its form: fields are changed, left out, doubled and exchanged, and
/// lengths are right afterwards.
struct MessageMutation {
  /// One field of a message.
  enum Content {
    case number(UInt64)
    case fixed([UInt8])
    case bytes([UInt8])
    case message(Kind, [Field])
  }

  struct Field {
    let number: Int
    var content: Content
  }

  /// The messages of ONNX, as far as fields lead to others.
  enum Kind {
    case model, graph, node, attribute, tensor, sparseTensor, valueInfo, type, tensorType, shape
    case dimension, other

    func child(_ field: Int) -> Kind? {
      switch (self, field) {
      case (.model, 7): .graph
      case (.model, 8): .other
      case (.graph, 1): .node
      case (.graph, 5): .tensor
      case (.graph, 11), (.graph, 12), (.graph, 13): .valueInfo
      case (.graph, 15): .sparseTensor
      case (.node, 5): .attribute
      case (.attribute, 5), (.attribute, 10): .tensor
      case (.attribute, 6), (.attribute, 11): .graph
      case (.attribute, 22): .sparseTensor
      case (.sparseTensor, 1), (.sparseTensor, 2): .tensor
      case (.valueInfo, 2): .type
      case (.type, 1): .tensorType
      case (.tensorType, 2): .shape
      case (.shape, 1): .dimension
      default: nil
      }
    }
  }

  private var random: Random
  private let mutateBytes: (UnsafeMutablePointer<UInt8>, Int, Int) -> Int
  /// Strings of the file, which give names that fit.
  private var names: [[UInt8]] = []
  /// Messages of the file by kind, to take the place of others.
  private var messages: [(Kind, [Field])] = []

  init(
    _ random: Random, _ mutateBytes: @escaping (UnsafeMutablePointer<UInt8>, Int, Int) -> Int
  ) {
    self.random = random
    self.mutateBytes = mutateBytes
  }

  /// The file `bytes` with some of its fields changed, or nil where it is no message.
  mutating func mutated(_ bytes: [UInt8]) -> [UInt8]? {
    guard var fields = Self.parse(bytes[...], .model, depth: 0) else { return nil }
    collect(.model, fields)
    for _ in 0...random.below(4) {
      var target = random.below(max(1, Self.count(fields)))
      change(&fields, .model, &target)
    }
    return Self.serialized(fields)
  }

  private mutating func collect(_ kind: Kind, _ fields: [Field]) {
    messages.append((kind, fields))
    for field in fields {
      switch field.content {
      case .bytes(let bytes) where bytes.count < 64: names.append(bytes)
      case .message(let kind, let inner): collect(kind, inner)
      default: break
      }
    }
  }

  private static func count(_ fields: [Field]) -> Int {
    fields.reduce(0) { sum, field in
      if case .message(_, let inner) = field.content { sum + 1 + count(inner) } else { sum + 1 }
    }
  }

  /// Changes field number `target`, counted from the front with all that lies in messages.
  private mutating func change(_ fields: inout [Field], _ kind: Kind, _ target: inout Int) {
    var index = 0
    while index < fields.count {
      if target == 0 {
        target = -1
        changeField(&fields, index, kind)
        return
      }
      target -= 1
      if case .message(let inner, var content) = fields[index].content {
        change(&content, inner, &target)
        fields[index].content = .message(inner, content)
        if target < 0 { return }
      }
      index += 1
    }
  }

  private mutating func changeField(_ fields: inout [Field], _ index: Int, _ kind: Kind) {
    switch random.below(10) {
    case 0:
      fields.remove(at: index)
      return
    case 1:
      fields.insert(fields[index], at: index)
      return
    case 2: fields.swapAt(index, random.below(fields.count))
    default: break
    }
    switch fields[index].content {
    case .number(let value):
      let delta = UInt64(bitPattern: Int64(random.below(9) - 4))
      fields[index].content = .number(
        random.below(2) == 0 ? value &+ delta : Self.numbers[random.below(Self.numbers.count)])
    case .fixed(var bytes):
      bytes[random.below(bytes.count)] = UInt8(random.below(256))
      fields[index].content = .fixed(bytes)
    case .message(let inner, let old):
      let like = messages.filter { $0.0 == inner }
      guard inner != .graph, !like.isEmpty else { return }
      fields[index].content = .message(
        inner, random.below(8) == 0 ? old : like[random.below(like.count)].1)
    case .bytes(let bytes):
      fields[index].content = .bytes(changed(bytes, fields[index].number, kind))
    }
  }

  private mutating func changed(_ bytes: [UInt8], _ field: Int, _ kind: Kind) -> [UInt8] {
    switch (kind, field) {
    case (.node, 4):
      let table = Operators.Operator.table
      return [UInt8](table[random.below(table.count)].name.utf8)
    case (.attribute, 1):
      return [UInt8](Self.attributes[random.below(Self.attributes.count)].utf8)
    case (.attribute, 4):
      return [UInt8](Self.words[random.below(Self.words.count)].utf8)
    case (.node, 1), (.node, 2), (.graph, _), (.valueInfo, 1), (.tensor, 8):
      return names.isEmpty ? bytes : names[random.below(names.count)]
    case (.tensor, 9) where !bytes.isEmpty && random.below(2) == 0:
      // One element of eight bytes, or four.
      var copy = bytes
      let value = Self.numbers[random.below(Self.numbers.count)]
      let size = min(random.below(2) == 0 ? 8 : 4, copy.count)
      let start = random.below(copy.count / size) * size
      for byte in 0..<size {
        copy[start + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
      }
      return copy
    default:
      let room = bytes.count + 16
      var buffer = bytes + [UInt8](repeating: 0, count: 16)
      let size = buffer.withUnsafeMutableBufferPointer { pointer in
        pointer.baseAddress.map { mutateBytes($0, bytes.count, room) } ?? 0
      }
      return [UInt8](buffer[..<min(size, room)])
    }
  }

  private static let numbers: [UInt64] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 64, 255, 256, 1000, 65535, 65536, 1 << 20,
    1 << 31, 1 << 32, 1 << 40, 1 << 62, 1 << 63, .max, .max - 1, .max - 2, 0x3F80_0000, 0x7F80_0000,
  ]
  private static let words = [
    "constant", "reflect", "edge", "wrap", "nearest", "linear", "cubic", "SAME_UPPER", "SAME_LOWER",
    "VALID", "NOTSET", "asymmetric", "half_pixel", "align_corners", "tf_crop_and_resize", "floor",
    "ceil", "none", "add", "mul", "max", "min", "tanh", "DCR", "CRD", "not_larger", "ij,jk->ik", "",
  ]
  private static let attributes = [
    "axis", "axes", "keepdims", "pads", "strides", "dilations", "kernel_shape", "group", "mode",
    "auto_pad", "ceil_mode", "to", "alpha", "beta", "transA", "transB", "epsilon", "batch_dims",
    "largest", "exclusive", "reverse", "perm", "blocksize", "num_outputs", "value", "value_ints",
    "split", "starts", "ends", "output_padding", "output_shape", "noop_with_empty_axes",
    "allowzero",
    "num_groups", "fmod", "upper", "bias", "coordinate_transformation_mode", "nearest_mode",
    "scales",
    "antialias", "start", "end", "reduction", "approximate", "output_dtype", "k", "ratio",
    "equation",
    "body", "then_branch", "else_branch", "num_scan_inputs", "block_size", "sparse_value",
    "storage_order",
  ]

  /// The fields of a message, or nil where the bytes are none.
  private static func parse(_ bytes: ArraySlice<UInt8>, _ kind: Kind, depth: Int) -> [Field]? {
    var fields: [Field] = []
    var rest = bytes
    while !rest.isEmpty {
      guard let tag = varint(&rest), tag >> 3 > 0, tag >> 3 < 1 << 29 else { return nil }
      let number = Int(tag >> 3)
      switch tag & 7 {
      case 0:
        guard let value = varint(&rest) else { return nil }
        fields.append(Field(number: number, content: .number(value)))
      case 1, 5:
        let size = tag & 7 == 1 ? 8 : 4
        guard rest.count >= size else { return nil }
        fields.append(Field(number: number, content: .fixed([UInt8](rest.prefix(size)))))
        rest = rest.dropFirst(size)
      case 2:
        guard let size = varint(&rest), size <= UInt64(rest.count) else { return nil }
        let content = rest.prefix(Int(size))
        rest = rest.dropFirst(Int(size))
        if depth < 30, let child = kind.child(number),
          let inner = parse(content, child, depth: depth + 1)
        {
          fields.append(Field(number: number, content: .message(child, inner)))
        } else {
          fields.append(Field(number: number, content: .bytes([UInt8](content))))
        }
      default: return nil
      }
    }
    return fields
  }

  private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func serialized(_ fields: [Field]) -> [UInt8] {
    var bytes: [UInt8] = []
    func put(_ value: UInt64) {
      var rest = value
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
    for field in fields {
      let tag = UInt64(field.number) << 3
      switch field.content {
      case .number(let value):
        put(tag)
        put(value)
      case .fixed(let content):
        put(tag | (content.count == 8 ? 1 : 5))
        bytes += content
      case .bytes(let content):
        put(tag | 2)
        put(UInt64(content.count))
        bytes += content
      case .message(_, let inner):
        let content = serialized(inner)
        put(tag | 2)
        put(UInt64(content.count))
        bytes += content
      }
    }
    return bytes
  }
}
