import Kernels

/// Compares every line of the kernel table with its portable reference, at sizes around its tile, and
/// prints one line for each; returns 1 if any differs.
///
/// A program of its own, since it runs where there is no Swift Testing: as Embedded Swift under an
/// emulator of another processor (Scripts/check-kernels.sh).
@_cdecl("pare_check_kernels")
public func checkKernels() -> Int32 {
  var report = Report()
  for operation in KernelOperation.allCases {
    switch operation {
    case .igemmF32: report.check(operation, productReferenceF32, products)
    case .gemmF32: report.check(operation, rowProductReferenceF32, products)
    case .planesF32: report.check(operation, planesReferenceF32, planes)
    case .igemmU8S8: report.check(operation, productReferenceU8S8, products)
    case .dwconvF32: report.check(operation, depthwiseReferenceF32, depthwise)
    case .dwconvU8S8: report.check(operation, depthwiseReferenceU8S8, depthwise)
    case .dwrowF32: report.check(operation, depthwiseRowReferenceF32, depthwiseRows)
    case .dwrowU8S8: report.check(operation, depthwiseRowReferenceU8S8, depthwiseRows)
    case .lanesX32: report.check(operation, lanesReference, lanes)
    case .spmmU8S8: report.check(operation, sparseReferenceU8S8, sparse)
    case .spmmF32: report.check(operation, sparseReferenceF32, sparse)
    case .bsgemmU8S8: report.check(operation, balancedReferenceU8S8, balanced)
    case .finishU8S8: report.check(operation, finishReferenceU8S8, finish)
    case .finishF32: report.check(operation, finishReferenceF32, finish)
    case .unaryF32: report.check(operation, unaryReferenceF32, unary)
    case .binaryF32: report.check(operation, binaryReferenceF32, binary)
    case .addU8: report.check(operation, addReferenceU8, add)
    case .mulU8: report.check(operation, multiplyReferenceU8, multiply)
    case .lookupU8: report.check(operation, lookupReferenceU8, lookUp)
    case .quantizeU8: report.check(operation, quantizeReferenceU8, quantize)
    case .dequantizeU8: report.check(operation, dequantizeReferenceU8, dequantize)
    case .minMaxF32: report.check(operation, minMaxReferenceF32, minMax)
    case .softmaxF32: report.check(operation, softmaxReferenceF32, softmax)
    case .layernormF32: report.check(operation, layerNormReferenceF32, layerNorm)
    case .layernormU8: report.check(operation, layerNormReferenceU8, layerNorm)
    case .poolF32: report.check(operation, poolReferenceF32, pool)
    case .quantizePlanesU8: report.check(operation, quantizePlanesReferenceU8, quantizePlanes)
    case .transposeX8: report.check(operation, transposeReferenceX8) { transpose(1, $0, $1, &$2) }
    case .transposeX32: report.check(operation, transposeReferenceX32) { transpose(4, $0, $1, &$2) }
    case .outerF32: report.check(operation, outerReferenceF32, outer)
    case .channelwiseF32: report.check(operation, channelwiseReferenceF32, channelwise)
    case .momentsF32: report.check(operation, momentsReferenceF32, moments)
    case .gradientSumsF32: report.check(operation, gradientSumsReferenceF32, gradientSums)
    case .normalizedGradientF32:
      report.check(operation, normalizedGradientReferenceF32, normalizedGradient)
    case .clampGradientF32: report.check(operation, clampGradientReferenceF32, clampGradient)
    case .accumulateF32: report.check(operation, accumulateReferenceF32, accumulate)
    // Compared as a part of layers.
    case .winogradWeightsF32, .winogradInF32, .winogradOutF32: break
    // They measure speed, and have no meaning.
    case .probeF32, .probeU8S8, .probeUpdate: break
    case .poolU8: report.check(operation, poolReferenceU8, pool)
    case .affineF32: report.check(operation, affineReferenceF32, affine)
    case .affineU8: report.check(operation, affineReferenceU8, affine)
    }
  }
  report.checkLayers()
  report.checkFloatLayers()
  print("\(report.kernels) kernels, \(report.cases) cases, \(report.differing) kernels differ")
  return report.differing == 0 && report.kernels > 0 ? 0 : 1
}

/// What was compared so far.
struct Report {
  var kernels = 0, cases = 0, differing = 0

  /// Compares each kernel of `operation` that this processor can run with `reference`.
  mutating func check<Function>(
    _ operation: KernelOperation, _ reference: Kernel<Function>,
    _ compare: (Kernel<Function>, Kernel<Function>, inout Cases) -> Void
  ) {
    for kernel in KernelTable.all(operation, as: Function.self) {
      guard kernel.isa.isAvailable else {
        print("skipped    \(kernel.name.string)")
        continue
      }
      var cases = Cases()
      compare(kernel, reference, &cases)
      kernels += 1
      self.cases += cases.count
      differing += cases.differing == 0 ? 0 : 1
      let verdict = cases.differing == 0 ? "same      " : "DIFFERENT "
      print("\(verdict) \(kernel.name.string): \(cases.differing) of \(cases.count) cases differ")
    }
  }
}

/// The cases of one kernel.
struct Cases {
  var count = 0, differing = 0

  mutating func add(_ isSame: Bool) {
    count += 1
    differing += isSame ? 0 : 1
  }
}
