/// The function that libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzModel(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  ModelTarget.run([UInt8](UnsafeBufferPointer(start: data, count: size)))
  return 0
}

/// libFuzzer's own mutation: changes the `size` bytes at `data`, up to `maximum`, and returns their
/// new number.
@_silgen_name("LLVMFuzzerMutate")
func mutateBytes(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int) -> Int

/// The function that libFuzzer calls to make a new input of one that it knows.
///
/// Digests would refuse nearly every change of a byte, so that a file is changed in its parts and
/// written anew.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt
) -> Int {
  var random = Random(state: UInt64(seed))
  let bytes = [UInt8](UnsafeBufferPointer(start: data, count: size))
  // Now and then as it comes, digests and all.
  if random.below(20) == 0 { return mutateBytes(data, size, maximum) }
  let mutated =
    random.below(3) == 0
    ? Sections(bytes)?.mutated(&random, mutateBytes) : GraphMutation.mutated(bytes, &random)
  guard let mutated, mutated.count <= maximum else { return mutateBytes(data, size, maximum) }
  _ = UnsafeMutableBufferPointer(start: data, count: maximum).update(fromContentsOf: mutated)
  return mutated.count
}
