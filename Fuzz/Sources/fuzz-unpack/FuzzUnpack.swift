/// The function that libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzUnpack(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  UnpackTarget.run([UInt8](UnsafeBufferPointer(start: data, count: size)))
  return 0
}

/// The function that libFuzzer calls to make a new input of one that it knows.
///
/// Digests would refuse nearly every change of a byte: a file is changed in its chunks and pieces, and
/// written anew.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt
) -> Int {
  Mutation.apply(data, size, maximum, seed) { PackedMutation.mutated($1, base: [], &$0) }
}
