import ModelFormat

/// A stretch of a file whose elements are alike.
struct Segment {
  /// What a stretch is, in whatever file.
  struct Key: Hashable {
    /// A section, or the tensor that it belongs to.
    let name: String
    /// A stream of the tensor; empty for sections.
    let stream: String
    /// Bytes of an element.
    let width: Int
  }

  /// The name of what lies between all others.
  static let padding = "padding"

  let key: Key
  let range: Range<Int>
  /// The tensor that it belongs to.
  let tensor: ModelFile.TensorPlace?
}

extension ModelFile {
  /// The file as stretches of like elements, in order and without holes.
  var segments: [Segment] {
    var segments: [Segment] = []
    var end = 0
    func add(_ key: Segment.Key, _ range: Range<Int>, _ tensor: TensorPlace? = nil) {
      if range.lowerBound > end { pad(to: range.lowerBound) }
      guard !range.isEmpty else { return }
      segments.append(Segment(key: key, range: range, tensor: tensor))
      end = range.upperBound
    }
    func pad(to start: Int) {
      let key = Segment.Key(name: Segment.padding, stream: "", width: 1)
      segments.append(Segment(key: key, range: end..<start, tensor: nil))
      end = start
    }
    for region in regions where region.name != Segment.padding {
      guard region.name == "data" else {
        add(
          .init(name: region.name, stream: "", width: 1),
          region.offset..<(region.offset + region.size))
        continue
      }
      for place in tensorPlaces {
        for stream in place.streams {
          add(
            .init(name: place.name, stream: stream.name, width: stream.width),
            stream.offset..<(stream.offset + stream.size), place)
        }
      }
    }
    if end < byteCount { pad(to: byteCount) }
    return segments
  }
}
