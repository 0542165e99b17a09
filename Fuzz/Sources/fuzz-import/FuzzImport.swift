/// The function that libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzImport(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  ImportTarget.run([UInt8](UnsafeBufferPointer(start: data, count: size)))
  return 0
}

/// libFuzzer's own mutation: changes the `size` bytes at `data`, up to `maximum`, and returns their
/// new number.
@_silgen_name("LLVMFuzzerMutate")
func mutateBytes(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int) -> Int

/// The function that libFuzzer calls to make a new input of one that it knows: most of the time field by
/// field, since a change of a byte seldom leaves lengths and names right.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt
) -> Int {
  var random = Random(state: UInt64(seed))
  if random.below(8) == 0 { return mutateBytes(data, size, maximum) }
  var mutation = MessageMutation(random, mutateBytes)
  let bytes = [UInt8](UnsafeBufferPointer(start: data, count: size))
  guard let mutated = mutation.mutated(bytes), mutated.count <= maximum else {
    return mutateBytes(data, size, maximum)
  }
  _ = UnsafeMutableBufferPointer(start: data, count: maximum).update(fromContentsOf: mutated)
  return mutated.count
}
