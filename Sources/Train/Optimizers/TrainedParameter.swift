/// Where one parameter of a network and its gradient lie.
public struct TrainedParameter {
  /// The weights.
  public var values: UnsafeMutableBufferPointer<Float>
  /// The derivative of the loss with respect to each.
  public var gradient: UnsafeMutableBufferPointer<Float>
  /// Whether decay pulls the weights towards zero; biases and what normalizations multiply with and add
  /// should be left where they are.
  public var decays: Bool

  /// A parameter; both buffers have one element for each weight.
  public init(
    values: UnsafeMutableBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    decays: Bool
  ) {
    self.values = values
    self.gradient = gradient
    self.decays = decays
  }

  /// Whether a parameter of a shape should decay: only what is multiplied in sums of products has two
  /// dimensions or more.
  public static func shouldDecay(rank: Int) -> Bool { rank > 1 }
}
