/// The sizes of a two-dimensional convolution over channels-last activations.
///
/// A fully connected layer, or a product with constant weights, is the case of a 1x1 kernel over
/// `batch * inputHeight * inputWidth` rows.
public struct ConvolutionGeometry: Hashable, Sendable {
  /// Images in a batch.
  public var batch: Int
  /// Input rows, columns and channels.
  public var inputHeight: Int, inputWidth: Int, inputChannels: Int
  /// Output channels, over all groups.
  public var outputChannels: Int
  /// Rows and columns of the kernel.
  public var kernelHeight: Int, kernelWidth: Int
  /// Input pixels from one output pixel to the next.
  public var strideHeight: Int, strideWidth: Int
  /// Input pixels from one kernel tap to the next.
  public var dilationHeight: Int, dilationWidth: Int
  /// Rows and columns of real zeros around the input.
  public var padTop: Int, padLeft: Int, padBottom: Int, padRight: Int
  /// Groups of channels that do not mix; the number of input channels for a depthwise convolution.
  public var groups: Int

  /// A geometry; all but the sizes of input and kernel default to the plain case.
  public init(
    batch: Int = 1, inputHeight: Int, inputWidth: Int, inputChannels: Int, outputChannels: Int,
    kernelHeight: Int = 1, kernelWidth: Int = 1, strideHeight: Int = 1, strideWidth: Int = 1,
    dilationHeight: Int = 1, dilationWidth: Int = 1, padTop: Int = 0, padLeft: Int = 0,
    padBottom: Int = 0, padRight: Int = 0, groups: Int = 1
  ) {
    self.batch = batch
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.padTop = padTop
    self.padLeft = padLeft
    self.padBottom = padBottom
    self.padRight = padRight
    self.groups = groups
  }

  /// The rows of the output; 0 when the kernel is larger than the padded input.
  public var outputHeight: Int {
    let span = inputHeight + padTop + padBottom - (kernelHeight - 1) * dilationHeight - 1
    return span < 0 ? 0 : span / strideHeight + 1
  }

  /// The columns of the output; 0 when the kernel is larger than the padded input.
  public var outputWidth: Int {
    let span = inputWidth + padLeft + padRight - (kernelWidth - 1) * dilationWidth - 1
    return span < 0 ? 0 : span / strideWidth + 1
  }

  /// The output pixels of the whole batch.
  public var outputPixels: Int { batch * outputHeight * outputWidth }

  /// The products that make one output: input channels of a group times kernel taps.
  public var depth: Int { inputChannels / groups * kernelHeight * kernelWidth }

  /// The multiplications of one run, at most 2⁶²: nobody can run more.
  public var multiplyAccumulates: Int {
    let (product, overflow) = (outputPixels * outputChannels).multipliedReportingOverflow(by: depth)
    return overflow ? 1 << 62 : min(product, 1 << 62)
  }

  /// Whether each group is one input and one output channel.
  ///
  /// Small windows of a single channel are of this kind too: a matrix product of one column and a few
  /// steps is mostly overhead.
  var isDepthwise: Bool {
    guard groups == inputChannels, groups == outputChannels else { return false }
    return groups > 1 || (2...7).contains(kernelHeight) && (2...7).contains(kernelWidth)
  }

  /// Whether output pixel i reads input pixel i and nothing else.
  var isPointwise: Bool {
    kernelHeight == 1 && kernelWidth == 1 && strideHeight == 1 && strideWidth == 1
      && padTop == 0 && padLeft == 0 && padBottom == 0 && padRight == 0
  }
}
