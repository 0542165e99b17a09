extension GraphPass {
  /// The clean-ups and fusions that every conversion runs, in order, each with the reason for its place.
  static let cleanups: [GraphPass] = [
    .removeIdentities,  // first: others match neighbours, and a copy between hides them
    .foldConstants,  // gives every value its shape, which all below need; shape subgraphs vanish
    .removeDeadNodes,  // before matching: a dead reader would forbid fusions
    .recognizeGlobalPooling,  // needs constant axes
    .normalizeLinear,  // gives Gemm and MatMul one form, so that the fusions below know one
    .foldBatchNormalization,  // before activations are fused: it stands between Conv and Relu
    .foldBias,  // after normalization folded: an Add may follow it
    .fuseActivation,  // last of the fusions into one node
    .shareConstants,  // equal constants become one value
    .removeDeadNodes,  // what the fusions left behind
  ]

  /// What runs after compression, where float layers are known to stay float.
  static let finishing: [GraphPass] = [
    .fuseResidual,  // only float convolutions add in their store
    .removeDeadNodes,
  ]
}
