extension GraphPass {
  /// What brings an imported graph to one form, in order, each with the reason for its place.
  ///
  /// Weights are still those of the source afterwards: pruning ranks them here, before normalization is
  /// folded into them and tilts the scales between channels.
  static let normalization: [GraphPass] = [
    .foldConstants,  // first: gives shapes; shape subgraphs and known branches vanish
    .removeIdentities,  // others match neighbours, and a copy between hides them
    .removeDeadNodes,  // before matching: a dead reader would forbid fusions
    .removeNoOps,  // needs shapes; they hide neighbours as identities do
    .shareConstants,  // before results: equal operands have equal constants
    .shareResults,  // what is computed twice would not be recognized
    .removeExpansions,
    .mergeSlices,  // after equal slices became one
    .mergeReshapes,
    .recognizeSoftmax,  // before attention, which has one inside
    .recognizeGelu,  // before anything takes its products apart
    .recognizeSwish,
    .recognizeNormalization,  // before means over pixels become pooling
    .recognizeGroupNormalization,
    .recognizeDepthToSpace,
    .recognizeAttention,  // before its transpositions and factors change places
    .removeDeadNodes,  // again: what transposed the keys is left, and would be read
    .mergeReshapes,  // again: keys were reshaped twice around their transposition
    .mergeTransposes,  // after DepthToSpace and attention, which have some inside
    .mergeReshapes,  // again: transpositions between them are gone
    .mergeHeads,
    .mergeReshapes,  // again, for what merged heads left
    .foldAffine,  // what follows the normalizations found above
    .foldPadding,
    .recognizeGlobalPooling,  // needs constant axes
    .normalizeLinear,  // gives Gemm and MatMul one form, so that the fusions below know one
  ]

  /// What folds into weights and biases, in order, each with the reason for its place.
  ///
  /// Outputs are still those before the activation afterwards: statistics are corrected here.
  static let folding: [GraphPass] = [
    .foldBatchNormalization,  // first: it stands between Conv and everything else
    .foldBias,  // after normalization folded: an Add may follow it
    .foldInputScale,  // what is left between products joins the one behind it
  ]

  /// What makes one node of several, in order, each with the reason for its place.
  static let fusion: [GraphPass] = [
    .fuseActivation,  // after folding: normalization and bias stand before the activation
    .shareConstants,  // equal constants become one value
    .removeDeadNodes,  // what the fusions left behind
  ]

  /// What runs after compression, where float layers are known to stay float.
  static let finishing: [GraphPass] = [
    .fuseResidual,  // by now it is known which nodes are float, and which uint8
    .removeDeadNodes,
  ]

  /// What runs last on a model that arrived quantized: it says itself where integers are rounded.
  static let finishingQuantized: [GraphPass] = [
    .fuseFloatResidual,
    .removeDeadNodes,
  ]
}
