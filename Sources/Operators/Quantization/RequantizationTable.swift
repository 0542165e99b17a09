import ModelFormat

/// What each uint8 of one affine mapping becomes under another: rounded half to even, saturated.
func requantizationTable(
  from: Quantization, to: Quantization
) throws(OperatorError) -> [UInt8] {
  guard from.axis == nil, to.axis == nil else {
    throw .unsupported("activations with a scale for each channel are not supported")
  }
  let ratio = Double(from.scales[0]) / Double(to.scales[0])
  return (0..<256).map { stored in
    let real = Double(stored - Int(from.zeroPoints[0])) * ratio
    return UInt8(
      saturating(real.rounded(.toNearestOrEven) + Double(to.zeroPoints[0]), 0, 255))
  }
}
