import Interpreter
import ModelFormat
import Operators

/// Changes of a network that keep the file's form: other operators, attributes, shapes, edges, data.
enum GraphMutation {
  /// The file `bytes` with its network changed, or nil where it cannot be read.
  static func mutated(_ bytes: [UInt8], _ random: inout Random) -> [UInt8]? {
    guard let file = try? ModelReader.read(Bytes(bytes)) else { return nil }
    var model = file.model
    guard !model.graph.nodes.isEmpty, model.graph.values.count < 500 else { return nil }
    for _ in 0...random.below(3) { change(&model.graph, &random) }
    // Most of the time shapes are made to agree, or nothing would be planned.
    if random.below(8) != 0 { inferShapes(&model.graph) }
    for value in model.graph.values {
      // What a writer may take for granted.
      guard let shape = value.shape, shape.rank <= Limits.rank, shape.checkedCount != nil,
        shape.dimensions.allSatisfy({ $0 <= Limits.extent })
      else { return nil }
    }
    return ModelWriter(model).bytes()
  }

  private static let extents = [
    0, 1, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64, 65, 255, 1 << 16,
  ]
  private static let integers: [Int64] = [
    0, 1, -1, 2, 3, 4, -2, -3, 7, 8, 16, 64, 255, 256, 65536, 1 << 31, -(1 << 31), 1 << 32, .max,
    .min,
    .max - 1,
  ]
  private static let reals: [Float] = [
    0, -0.0, 1, -1, 0.5, 2, 1e-5, 1e-38, 1.5e-45, 3e38, -3e38, .infinity, -.infinity, .nan, 127.5,
    1e9,
  ]
  private static let words = [
    "", "constant", "reflect", "edge", "wrap", "nearest", "linear", "cubic", "SAME_UPPER",
    "SAME_LOWER", "VALID", "NOTSET", "asymmetric", "half_pixel", "align_corners",
    "tf_crop_and_resize",
    "pytorch_half_pixel", "floor", "ceil", "round_prefer_ceil", "none", "add", "mul", "max", "min",
    "tanh", "Relu", "Clip", "DCR", "CRD", "static", "dynamic", "bilinear", "avg", "RIGHT", "LEFT",
  ]
  private static let attributes = [
    "axis", "axes", "keepdims", "pads", "strides", "dilations", "kernel_shape", "group", "mode",
    "auto_pad", "ceil_mode", "count_include_pad", "to", "alpha", "beta", "transA", "transB",
    "epsilon",
    "batch_dims", "largest", "sorted", "exclusive", "reverse", "perm", "blocksize", "num_outputs",
    "activation", "activation_min", "activation_max", "quantization", "output_padding",
    "output_shape", "noop_with_empty_axes", "allowzero", "select_last_index", "num_groups", "fmod",
    "upper", "size", "bias", "coordinate_transformation_mode", "nearest_mode", "cubic_coeff_a",
    "exclude_outside", "extrapolation_value", "antialias", "keep_aspect_ratio_policy", "start",
    "end",
    "reduction", "approximate", "detect_negative", "detect_positive", "output_dtype", "dtype", "k",
    "equation", "direction", "hidden_size", "layout", "scale", "q_num_heads", "kv_num_heads",
  ]
  private static let types: [ElementType] = ElementType.allCases

  private static func change(_ graph: inout Graph, _ random: inout Random) {
    let index = random.below(graph.nodes.count)
    var node = graph.nodes[index]
    func operand(_ random: inout Random) -> ValueID? {
      random.below(10) == 0 ? nil : ValueID(random.below(graph.values.count))
    }
    switch random.below(11) {
    case 0:
      // Operators like it first: their operands fit.
      let like = Operators.Operator.table.filter {
        $0.inputs.contains(node.inputs.count) && $0.outputs.contains(node.outputs.count)
      }
      let names = random.below(4) == 0 || like.isEmpty ? Operators.Operator.table : like
      node.op = names[random.below(names.count)].name
    case 1, 2, 3:
      let known = node.attributes.keys.sorted()
      let key =
        known.isEmpty || random.below(2) == 0
        ? attributes[random.below(attributes.count)] : known[random.below(known.count)]
      node.attributes[key] = attribute(node.attributes[key], &random)
    case 4:
      if let key = node.attributes.keys.sorted().first { node.attributes[key] = nil }
    case 5:
      if node.inputs.isEmpty || random.below(4) == 0 {
        node.inputs.append(operand(&random))
      } else {
        node.inputs[random.below(node.inputs.count)] = operand(&random)
      }
    case 6: if node.inputs.count > 1 { node.inputs.removeLast() }
    case 7, 8: changeShape(&graph, &random)
    case 9:
      let value = random.below(graph.values.count)
      if graph.values[value].constant == nil {
        graph.values[value].type = types[random.below(types.count)]
        if random.below(2) == 0 {
          graph.values[value].type = .uint8
          graph.values[value].quantization = Quantization(
            scale: [0.01, 1, 1e-37, 3e37][random.below(4)], zeroPoint: Int32(random.below(256)))
        } else {
          graph.values[value].quantization = nil
        }
      }
    default: changeConstant(&graph, &random)
    }
    graph.nodes[index] = node
  }

  private static func attribute(_ old: Attribute?, _ random: inout Random) -> Attribute {
    func integer(_ random: inout Random) -> Int64 {
      random.below(2) == 0
        ? Int64(random.below(9)) - 2 : integers[random.below(integers.count)]
    }
    let kind: Int
    switch old {
    case .int: kind = 0
    case .float: kind = 1
    case .string: kind = 2
    case .ints: kind = 3
    case .floats: kind = 4
    default: kind = random.below(5)
    }
    switch random.below(8) == 0 ? random.below(5) : kind {
    case 0: return .int(integer(&random))
    case 1: return .float(reals[random.below(reals.count)])
    case 2: return .string(words[random.below(words.count)])
    case 3:
      var list: [Int64] = []
      if case .ints(let old)? = old, random.below(3) != 0 { list = old }
      if list.isEmpty || random.below(4) == 0 { list.append(integer(&random)) }
      list[random.below(list.count)] = integer(&random)
      return .ints(list)
    default: return .floats([reals[random.below(reals.count)]])
    }
  }

  private static func changeShape(_ graph: inout Graph, _ random: inout Random) {
    let candidates = graph.inputs + graph.outputs + [ValueID(random.below(graph.values.count))]
    let id = candidates[random.below(candidates.count)]
    guard var shape = graph[id].shape, graph[id].constant == nil else { return }
    switch random.below(6) {
    case 0 where shape.rank < 8: shape.dimensions.append(extents[random.below(extents.count)])
    case 1 where shape.rank > 0: shape.dimensions.removeFirst()
    default:
      guard shape.rank > 0 else { return }
      shape[random.below(shape.rank)] = extents[random.below(extents.count)]
    }
    graph[id].shape = shape
  }

  /// Another constant in place of one, or of an input.
  private static func changeConstant(_ graph: inout Graph, _ random: inout Random) {
    let index = random.below(graph.values.count)
    let produced = graph.nodes.contains { $0.outputs.contains(ValueID(index)) }
    guard !produced, !graph.inputs.contains(ValueID(index)),
      var shape = graph.values[index].shape, graph.values[index].type != .bool
    else { return }
    let type = random.below(3) == 0 ? types[random.below(types.count)] : graph.values[index].type
    if random.below(3) == 0 {
      shape =
        random.below(2) == 0
        ? [extents[random.below(14)]] : [extents[random.below(14)], extents[random.below(14)]]
    }
    guard let count = shape.checkedCount, count < 1 << 16 else { return }
    var bytes = [UInt8](repeating: 0, count: count * type.size)
    let old = graph.values[index].constant?.dense.array ?? []
    for position in bytes.indices where position < old.count { bytes[position] = old[position] }
    for _ in 0...random.below(4) where count > 0 {
      let at = random.below(count) * type.size
      var value = UInt64(bitPattern: integers[random.below(integers.count)])
      if type == .float32 { value = UInt64(reals[random.below(reals.count)].bitPattern) }
      if type == .bool { value &= 1 }
      for byte in 0..<type.size {
        bytes[at + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
      }
    }
    let logical: ElementType = type == .float16 || type == .bfloat16 ? .float32 : type
    let tensor = Tensor(type: type, shape: shape, bytes: Bytes(bytes))
    graph.values[index] = Value(
      name: graph.values[index].name, type: logical, shape: shape,
      constant: random.below(2) == 0 ? tensor : tensor.encoded())
  }

  /// States for each node's outputs what inference gives, as far as it gets.
  private static func inferShapes(_ graph: inout Graph) {
    for node in graph.nodes {
      var inferred = graph
      for case let id? in node.outputs { inferred[id].shape = nil }
      guard (try? inferred.inferShapes(of: node)) != nil else { continue }
      if node.outputs.allSatisfy({ $0 == nil || inferred[$0 ?? ValueID(0)].shape != nil }) {
        graph = inferred
      }
    }
  }
}
