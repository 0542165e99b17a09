/// The function that libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDatasets(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  DatasetsTarget.run([UInt8](UnsafeBufferPointer(start: data, count: size)))
  return 0
}

/// The function that libFuzzer calls to make a new input of one that it knows.
///
/// Most of the time headers and members are changed, and lengths and checksums put right.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt
) -> Int {
  Mutation.apply(data, size, maximum, seed) { DatasetMutation.mutated($1, &$0) }
}
