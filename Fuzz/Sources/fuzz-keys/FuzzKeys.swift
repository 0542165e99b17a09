/// The function that libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKeys(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  KeysTarget.run([UInt8](UnsafeBufferPointer(start: data, count: size)))
  return 0
}

/// The function that libFuzzer calls to make a new input of one that it knows.
///
/// Most of the time what base64 stands for is changed, since a letter more or less leaves no key.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt
) -> Int {
  Mutation.apply(data, size, maximum, seed) { KeyMutation.mutated($1, &$0) }
}
