import Kernels
import ModelFormat

extension ParameterTransform {
  /// Weights that `mask`, of as many weights, leaves out are zero, and so are their gradients.
  public static func mask(_ mask: WeightMask) -> ParameterTransform {
    ParameterTransform(
      apply: { from, to, _, pool in mask.apply(from, to: to, pool: pool) },
      changeGradient: { _, gradient, _, pool in
        mask.apply(UnsafeBufferPointer(gradient), to: gradient, pool: pool)
      })
  }

  /// Weights become what the integers of `quantizer` stand for; gradients pass, but where a weight lies beyond
  /// the last level of scales that stay.
  public static func rounding(_ quantizer: WeightQuantizer) -> ParameterTransform {
    var transform = ParameterTransform(apply: { from, to, shape, _ in
      quantizer.apply(from, shape, to: to)
    })
    if case .fixed = quantizer.scales {
      transform.changeGradient = { weights, gradient, shape, _ in
        guard let scales = quantizer.scales(weights, shape) else { return }
        quantizer.maskGradient(gradient, weights, shape, scales: scales)
      }
    }
    return transform
  }
}

extension ActivationTransform {
  /// Activations become what the bytes of `quantizer` stand for; gradients pass within its range.
  public static func rounding(_ quantizer: ActivationQuantizer) -> ActivationTransform {
    ActivationTransform(
      apply: { count, x, y in quantizer.apply(count, x, to: y) },
      gradient: { count, x, gradient, result in
        quantizer.gradient(count, x, gradient, to: result)
      })
  }
}
