extension Optimizer {
  private static let mark: UInt64 = 0x7032_7465_7261_7031

  /// All that the optimizer remembers, as bytes; one that restores them goes on exactly as this one would.
  public var state: [UInt8] {
    var writer = StateWriter()
    writer.append(Self.mark)
    writer.append(rule.signature)
    writer.append(UInt64(steps))
    writer.append(UInt64(counts.count))
    for moments in moments { writer.append(moments) }
    return writer.bytes
  }

  /// Takes over a state that an optimizer of the same rule saved for parameters of the same sizes.
  ///
  /// - Throws: `StateError`; the optimizer is then as it was.
  public func restore(_ state: [UInt8]) throws(StateError) {
    var reader = StateReader(state)
    guard try reader.number() == Self.mark else { throw .damaged }
    guard try reader.floats(rule.signature.count) == rule.signature else { throw .other }
    let steps = try reader.integer(0...1 << 48)
    guard try reader.number() == UInt64(counts.count) else { throw .other }
    var restored: [[Float]] = []
    for moments in moments { restored.append(try reader.floats(moments.count)) }
    try reader.end()
    self.steps = steps
    moments = restored
  }
}
