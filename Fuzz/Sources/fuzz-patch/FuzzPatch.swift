/// The function that libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPatch(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  PatchTarget.run([UInt8](UnsafeBufferPointer(start: data, count: size)))
  return 0
}

/// The function that libFuzzer calls to make a new input of one that it knows: the old file or, far more
/// often, the delta is changed, and the delta's digests are put right.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt
) -> Int {
  Mutation.apply(data, size, maximum, seed) { mutation, bytes in
    guard var (base, delta) = PatchTarget.parts(bytes) else { return nil }
    if mutation.below(16) == 0 { base = mutation.changed(base) }
    delta = PackedMutation.mutated(delta, base: base, &mutation) ?? delta
    return PatchTarget.input(base, delta)
  }
}
