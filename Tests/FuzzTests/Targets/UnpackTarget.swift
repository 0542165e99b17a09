import Ship

/// What is fuzzed of the wire form: unpacking a whole file, from opening to the verified model.
enum UnpackTarget {
  /// Unpacks the packed file in `bytes`; returns the error in words, or nil.
  @discardableResult static func run(_ bytes: [UInt8]) -> String? {
    run(bytes, base: nil)
  }

  /// Unpacks `bytes`, as a difference from the file at `base` where there is one.
  static func run(_ bytes: [UInt8], base: String?) -> String? {
    defer { Scratch.clear() }
    let packed = Scratch.write(bytes, "in")
    let output = "\(Scratch.folder)/out"
    do throws(ShipError) {
      _ = try Unpacker.unpack(packed, base: base, to: output, limit: 1 << 30)
      return nil
    } catch { return error.description }
  }
}
