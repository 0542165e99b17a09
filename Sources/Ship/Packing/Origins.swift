import ModelFormat

/// Where in a base the counterparts of a file's stretches lie.
struct Origins {
  /// Stretches of the base by what they are.
  private var named: [Segment.Key: Range<Int>] = [:]
  /// Tensors of the base by digest: equal ones need not have one name.
  private var equal: [[UInt8]: ModelFile.TensorPlace] = [:]

  init(_ base: PackedSource?) {
    guard let file = base?.file else { return }
    for segment in file.segments where segment.key.name != Segment.padding {
      named[segment.key] = segment.range
    }
    for place in file.tensorPlaces { equal[place.digest] = place }
  }

  /// Where the counterpart of `part` of `segment` begins, or nil where there is none as long.
  func place(of part: Range<Int>, in segment: Segment) -> Int? {
    if let tensor = segment.tensor, let same = equal[tensor.digest], same.span == tensor.span {
      return same.offset + (part.lowerBound - tensor.offset)
    }
    guard let range = named[segment.key] else { return nil }
    // Where lengths differ, what begins alike may go on alike.
    let start = range.lowerBound + (part.lowerBound - segment.range.lowerBound)
    return start <= range.upperBound - part.count ? start : nil
  }
}
