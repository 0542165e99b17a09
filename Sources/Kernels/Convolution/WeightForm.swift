/// What is known about the weights that a convolution is made from.
public enum WeightForm: Hashable, Sendable {
  /// They lie as [output][input / groups][row][column] and are copied; `nonzero` says how many are not
  /// zero, where that is known.
  case plain(nonzero: Int?)
  /// They lie in the `WeightOrder` of the geometry, aligned to 64 bytes, and are read there: they must
  /// outlive the convolution.
  case packed
}

/// The sum of int8 weights, in 32 bits that wrap.
func sum(_ weights: UnsafePointer<Int8>, count: Int) -> Int32 {
  let base = UnsafeRawPointer(weights)
  let flip = SIMD8<UInt16>(repeating: 0x8080)
  let low = SIMD8<UInt16>(repeating: 0x00FF)
  var sum: Int32 = 0
  var at = 0
  while at &+ 16 <= count {
    // Bytes are raised by 128, to be added two at a time in 16 bits: 128 vectors do not overflow.
    let end = at &+ min((count &- at) / 16, 128) &* 16
    sum &-= Int32(truncatingIfNeeded: 128 &* (end &- at))
    var sums = SIMD8<UInt16>()
    while at < end {
      let bytes = base.loadUnaligned(fromByteOffset: at, as: SIMD8<UInt16>.self) ^ flip
      sums &+= (bytes & low) &+ (bytes &>> 8)
      at &+= 16
    }
    for lane in 0..<8 { sum &+= Int32(sums[lane]) }
  }
  while at < count {
    sum &+= Int32(weights[at])
    at &+= 1
  }
  return sum
}
