extension Operator {
  /// What one run takes, counted from shapes: multiply-accumulates, and for each element that is read or
  /// written as much as `elementWork` of them; at most 2⁶².
  ///
  /// A few times more or less than the truth. It is there to refuse what does not end within hours.
  public func work(_ facts: NodeFacts) -> Int {
    var elements = scans(facts)
    for input in facts.inputs { elements = .saturatingSum(elements, input?.count ?? 0) }
    for output in facts.outputs { elements = .saturatingSum(elements, output.count) }
    return .saturatingSum(
      multiplyAccumulates(facts), .saturatingProduct(elements, Self.elementWork))
  }

  /// Multiply-accumulates in the time that an element takes which is only moved, or put through a function.
  public static let elementWork = 16
}

extension Int {
  /// The most that counts of work can be: sums of two are still numbers.
  private static let most = 1 << 62

  /// The product of counts, at most 2⁶²: a graph may state more than any machine can compute.
  static func saturatingProduct(_ factors: Int...) -> Int {
    if factors.contains(0) { return 0 }
    var product = 1
    for factor in factors {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      guard !overflow, next >= 0, next <= most else { return most }
      product = next
    }
    return product
  }

  /// The sum of two counts, at most 2⁶².
  public static func saturatingSum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow || sum < 0 || sum > most ? most : sum
  }
}
