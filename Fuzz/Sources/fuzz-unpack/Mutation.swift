/// libFuzzer's own mutation: changes the `size` bytes at `data`, up to `maximum`, and returns their
/// new number.
@_silgen_name("LLVMFuzzerMutate")
func mutateBytes(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int) -> Int

/// Changes of an input, made by chance.
struct Mutation {
  var random: Random

  /// Numbers at which sizes and counts go wrong.
  static let numbers: [UInt64] = [
    0, 1, 2, 3, 4, 7, 8, 127, 128, 255, 256, 1000, 65535, 65536, 65537, 1 << 20, 1 << 31, 1 << 32,
    1 << 40, 1 << 43, 1 << 62, 1 << 63, .max, .max - 1, .max - 35, .max - 65535,
  ]

  mutating func below(_ bound: Int) -> Int { random.below(bound) }
  mutating func number() -> UInt64 { Self.numbers[below(Self.numbers.count)] }

  /// `bytes` after a change by libFuzzer, with up to `room` more.
  mutating func changed(_ bytes: [UInt8], room: Int = 32) -> [UInt8] {
    var buffer = bytes + [UInt8](repeating: 0, count: max(room, 1))
    let size = buffer.withUnsafeMutableBufferPointer { pointer in
      pointer.baseAddress.map { mutateBytes($0, bytes.count, pointer.count) } ?? 0
    }
    return [UInt8](buffer[..<min(size, buffer.count)])
  }

  /// Does to a list what can be done to any: leaves an element out, doubles it, or exchanges two.
  mutating func rearrange<T>(_ list: inout [T]) {
    guard !list.isEmpty else { return }
    let index = below(list.count)
    switch below(3) {
    case 0: list.remove(at: index)
    case 1: list.insert(list[index], at: below(list.count + 1))
    default: list.swapAt(index, below(list.count))
    }
  }

  /// What libFuzzer calls for: the input at `data` becomes what `mutate` makes of it, most of the time,
  /// and something near where that is nothing or too long.
  static func apply(
    _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt,
    _ mutate: (inout Mutation, [UInt8]) -> [UInt8]?
  ) -> Int {
    var mutation = Mutation(random: Random(state: UInt64(seed)))
    if mutation.below(12) == 0 { return mutateBytes(data, size, maximum) }
    let bytes = [UInt8](UnsafeBufferPointer(start: data, count: size))
    guard let mutated = mutate(&mutation, bytes), mutated.count <= maximum else {
      return mutateBytes(data, size, maximum)
    }
    _ = UnsafeMutableBufferPointer(start: data, count: maximum).update(fromContentsOf: mutated)
    return mutated.count
  }
}
