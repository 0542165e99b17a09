/// How gradients move parameters; formulas and order of operations are those of `torch.optim`.
public enum OptimizerRule: Sendable, Hashable {
  /// Gradient descent with momentum μ and decay λ: `d = g + λw; b = μb + d; w −= rate · b`, or with Nesterov's
  /// form `w −= rate · (d + μb)`.
  ///
  /// The first step takes `b = d`.
  case sgd(momentum: Float = 0.9, isNesterov: Bool = false, decay: Float = 0)
  /// Adam with decay beside the gradient (Loshchilov and Hutter, 2019): `w −= rate · λw`, then
  /// `w −= rate · m' / (√v' + ε)` with the means m' of g and v' of g² that count the first steps in full.
  case adamW(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, decay: Float = 0.01)

  /// Numbers that are kept for each weight.
  var moments: Int {
    switch self {
    case .sgd(let momentum, _, _): momentum == 0 ? 0 : 1
    case .adamW: 2
    }
  }

  /// The rule as numbers, which state files compare.
  var signature: [Float] {
    switch self {
    case .sgd(let momentum, let isNesterov, let decay): [0, momentum, isNesterov ? 1 : 0, decay]
    case .adamW(let beta1, let beta2, let epsilon, let decay): [1, beta1, beta2, epsilon, decay]
    }
  }
}
