/// The names of a file: strictly rising, so that each is there once.
struct NameTable {
  private let names: [String]

  /// Verifies the names section; `base` is its offset in the file.
  init(_ section: UnsafeRawBufferPointer, base: Int) throws(ModelError) {
    var reader = ByteReader(section.bytes, base: base)
    let count = try reader.index(else: .nameTable)
    guard count <= Limits.entries * 2, count * 4 + 4 <= reader.remaining else {
      throw ModelError(.entryCount, at: base, "names", "\(count)")
    }
    var offsets: [Int] = []
    offsets.reserveCapacity(count + 1)
    for _ in 0...count { offsets.append(try reader.index(else: .nameTable)) }
    let text = reader.position
    guard offsets[0] == 0, offsets[count] == section.count - text else {
      throw ModelError(.nameTable, at: base, "names")
    }
    var names: [String] = []
    names.reserveCapacity(count)
    var previous = UnsafeRawBufferPointer(start: nil, count: 0)
    for index in 0..<count {
      let at = base + text + offsets[index]
      guard offsets[index] <= offsets[index + 1], offsets[index + 1] <= offsets[count] else {
        throw ModelError(.nameTable, at: base + 4 + index * 4, "name \(index)")
      }
      let bytes = UnsafeRawBufferPointer(
        rebasing: section[(text + offsets[index])..<(text + offsets[index + 1])])
      guard bytes.count <= Limits.nameBytes, let name = String(validating: bytes, as: UTF8.self),
        !name.unicodeScalars.contains(where: { $0.value < 32 || 127..<160 ~= $0.value })
      else { throw ModelError(.nameText, at: at, "name \(index)") }
      guard index == 0 || previous.lexicographicallyPrecedes(bytes) else {
        throw ModelError(.nameOrder, at: at, "name \(index)")
      }
      names.append(name)
      previous = bytes
    }
    self.names = names
  }

  /// The name with number `index`, or `rule` at `offset` where there is none.
  func name(
    _ index: Int, else rule: ModelError.Rule, at offset: Int
  ) throws(ModelError) -> String {
    guard index < names.count else { throw ModelError(rule, at: offset, "", "name \(index)") }
    return names[index]
  }
}
