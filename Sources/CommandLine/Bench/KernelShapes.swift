import Kernels

/// A layer whose kernels are timed.
struct KernelShape {
  /// What it is, and the sizes: `1x1 14x14 96-576`.
  let name: String
  /// Its sizes as a convolution.
  let geometry: ConvolutionGeometry

  /// Whether each group is one channel.
  var isDepthwise: Bool { geometry.groups > 1 }

  /// Elements of input and output.
  var inputCount: Int {
    geometry.inputHeight * geometry.inputWidth * geometry.inputChannels
  }
  var outputCount: Int { geometry.outputPixels * geometry.outputChannels }
  var weightCount: Int { geometry.outputChannels * geometry.depth }

  /// A convolution with a square kernel that keeps the extent, but for its stride.
  private init(
    _ kernel: Int, _ extent: Int, _ inputs: Int, _ outputs: Int, stride: Int = 1, groups: Int = 1
  ) {
    let pad = kernel / 2
    geometry = ConvolutionGeometry(
      inputHeight: extent, inputWidth: extent, inputChannels: inputs, outputChannels: outputs,
      kernelHeight: kernel, kernelWidth: kernel, strideHeight: stride, strideWidth: stride,
      padTop: pad, padLeft: pad, padBottom: pad, padRight: pad, groups: groups)
    let kind = "\(kernel)x\(kernel)" + (stride == 1 ? "" : "/\(stride)")
    let channels = groups > 1 ? "\(inputs)" : "\(inputs)-\(outputs)"
    name = (groups > 1 ? "depthwise " : "") + "\(kind) \(extent)x\(extent) \(channels)"
  }

  /// A fully connected layer over `rows` rows.
  private init(rows: Int, _ inputs: Int, _ outputs: Int) {
    geometry = ConvolutionGeometry(
      inputHeight: 1, inputWidth: rows, inputChannels: inputs, outputChannels: outputs)
    name = "fc \(rows)x\(inputs)-\(outputs)"
  }

  /// Small, medium and large layers of each kind, as networks have them.
  static let all: [KernelShape] = [
    KernelShape(3, 224, 3, 32, stride: 2), KernelShape(7, 224, 3, 64, stride: 2),
    KernelShape(1, 112, 32, 16), KernelShape(1, 56, 64, 256), KernelShape(1, 28, 512, 128),
    KernelShape(1, 14, 96, 576), KernelShape(1, 14, 576, 96), KernelShape(1, 14, 1024, 256),
    KernelShape(1, 7, 320, 1280), KernelShape(1, 7, 512, 2048),
    KernelShape(3, 56, 64, 64), KernelShape(3, 28, 128, 128), KernelShape(3, 14, 256, 256),
    KernelShape(3, 7, 512, 512), KernelShape(3, 32, 16, 16),
    KernelShape(3, 112, 32, 32, groups: 32), KernelShape(3, 56, 144, 144, groups: 144),
    KernelShape(3, 56, 144, 144, stride: 2, groups: 144),
    KernelShape(3, 14, 576, 576, groups: 576), KernelShape(5, 28, 240, 240, groups: 240),
    KernelShape(5, 14, 672, 672, groups: 672), KernelShape(7, 56, 96, 96, groups: 96),
    KernelShape(7, 14, 384, 384, groups: 384),
    KernelShape(rows: 1, 1280, 1000), KernelShape(rows: 1, 4096, 4096),
    KernelShape(rows: 49, 768, 3072), KernelShape(rows: 196, 384, 1536),
  ]
}
