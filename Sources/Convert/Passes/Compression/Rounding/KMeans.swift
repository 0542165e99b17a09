/// Clusters of numbers on a line, the best that there are.
enum KMeans {
  /// At most `count` integers from −127 to 127 that stand for a histogram over them with the least squared
  /// error, rising.
  ///
  /// Dynamic programming over where one cluster ends and the next begins (Wang and Song, "Ckmeans.1d.dp",
  /// 2011): the result is the optimum and no draw of luck. A cluster stands at the integer nearest to its
  /// mean.
  /// - Parameter includesZero: whether zero is among the integers, besides what the histogram asks for.
  static func levels(_ histogram: [Double], count: Int, includesZero: Bool) -> [Int8] {
    let bins = histogram.indices.filter { histogram[$0] > 0 }
    let clusters = includesZero ? max(1, count - 1) : count
    var found = Set(best(bins.map { (Double($0 - 127), histogram[$0]) }, clusters))
    if includesZero || found.isEmpty { found.insert(0) }
    // Two clusters may round to one integer: then there is room for none other that gains.
    return found.sorted()
  }

  /// Where the clusters of `points`, rising places with weights, stand.
  private static func best(_ points: [(place: Double, weight: Double)], _ clusters: Int) -> [Int8] {
    let count = points.count
    guard count > clusters else { return points.map { Int8($0.place) } }
    // Sums over the first points.
    var (weights, sums, squares) = ([0.0], [0.0], [0.0])
    for point in points {
      weights.append(weights[weights.count - 1] + point.weight)
      sums.append(sums[sums.count - 1] + point.weight * point.place)
      squares.append(squares[squares.count - 1] + point.weight * point.place * point.place)
    }
    func center(_ from: Int, _ to: Int) -> Double {
      ((sums[to] - sums[from]) / (weights[to] - weights[from])).rounded(.toNearestOrEven)
    }
    func cost(_ from: Int, _ to: Int) -> Double {
      let center = center(from, to)
      return squares[to] - squares[from] - 2 * center * (sums[to] - sums[from])
        + center * center * (weights[to] - weights[from])
    }
    // The least cost of the first points in so many clusters, and where the last of those begins.
    var costs = (0...count).map { $0 == 0 ? 0 : cost(0, $0) }
    var starts = [[Int](repeating: 0, count: count + 1)]
    for cluster in 1..<max(1, clusters) {
      var next = [Double](repeating: .infinity, count: count + 1)
      var start = [Int](repeating: 0, count: count + 1)
      for to in (cluster + 1)...count {
        for from in cluster..<to {
          let sum = costs[from] + cost(from, to)
          if sum < next[to] { (next[to], start[to]) = (sum, from) }
        }
      }
      costs = next
      starts.append(start)
    }
    var places: [Int8] = []
    var to = count
    for cluster in (0..<clusters).reversed() where to > 0 {
      let from = starts[cluster][to]
      places.append(Int8(center(from, to)))
      to = from
    }
    return places
  }
}
