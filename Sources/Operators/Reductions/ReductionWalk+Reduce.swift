/// Outputs or partial totals that are computed side by side, which makes them vectors.
private let lanes = 8

extension ReductionWalk {
  /// Reduces the elements at `from` to the outputs `range`.
  @inline(__always)
  func reduce<F: ReductionFunction, T: ReducibleElement>(
    _ from: UnsafePointer<T>, to: UnsafeMutablePointer<T>, _ range: Range<Int>, _ function: F
  ) {
    var index = range.lowerBound
    while index < range.upperBound {
      let first = from + start(ofOutput: index)
      if columns >= lanes, index % columns + lanes <= columns, index + lanes <= range.upperBound {
        let totals = totals(first, function)
        for lane in 0..<lanes { to[index + lane] = function.finish(totals[lane], terms) }
        index += lanes
      } else {
        to[index] = function.finish(total(first, function), terms)
        index += 1
      }
    }
  }

  /// The totals of neighbouring outputs.
  @inline(__always)
  private func totals<F: ReductionFunction, T: ReducibleElement>(
    _ first: UnsafePointer<T>, _ function: F
  ) -> InlineArray<8, T> {
    var totals = InlineArray<8, T>(repeating: function.start(T.self))
    for row in 0..<rows {
      var x = first + start(ofRow: row)
      for _ in 0..<self.row.extent {
        for lane in 0..<lanes { totals[lane] = function.add(totals[lane], x[lane]) }
        x += self.row.stride
      }
    }
    return totals
  }

  /// The total of one output.
  @inline(__always)
  func total<F: ReductionFunction, T: ReducibleElement>(
    _ first: UnsafePointer<T>, _ function: F
  ) -> T {
    var total = function.start(T.self)
    for row in 0..<rows {
      let x = first + start(ofRow: row)
      if self.row.stride == 1, self.row.extent >= lanes {
        total = function.merge(total, totalOfRun(x, self.row.extent, function))
      } else {
        for i in 0..<self.row.extent { total = function.add(total, x[i &* self.row.stride]) }
      }
    }
    return total
  }
}

/// The total of `count` neighbouring elements.
@inline(__always)
func totalOfRun<F: ReductionFunction, T: ReducibleElement>(
  _ x: UnsafePointer<T>, _ count: Int, _ function: F
) -> T {
  var totals = InlineArray<8, T>(repeating: function.start(T.self))
  var i = 0
  while i + lanes <= count {
    for lane in 0..<lanes { totals[lane] = function.add(totals[lane], x[i + lane]) }
    i += lanes
  }
  var total = function.start(T.self)
  for lane in 0..<lanes { total = function.merge(total, totals[lane]) }
  while i < count {
    total = function.add(total, x[i])
    i += 1
  }
  return total
}
