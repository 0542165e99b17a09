import ModelFormat

extension ElementType {
  /// The element type with ONNX's number, or nil where it is not supported.
  init?(onnx number: Int64) {
    guard let raw = UInt8(exactly: number) else { return nil }
    self.init(rawValue: raw)
  }

  /// The type that operators see: half precision is a way to store, not to compute.
  var logical: ElementType {
    self == .float16 || self == .bfloat16 ? .float32 : self
  }

  /// The names of all element types that are supported, for messages.
  static let supportedNames = ElementType.allCases.map { $0.name }.joined(separator: ", ")

  /// ONNX's name of the type with the given number, for messages.
  static func onnxName(_ number: Int64) -> String {
    if let type = ElementType(onnx: number) { return type.name }
    let names: [Int64: String] = [
      0: "undefined", 8: "string", 14: "complex64", 15: "complex128", 17: "float8e4m3fn",
      18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4",
      23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
    ]
    return names[number] ?? "number \(number)"
  }
}
