import Kernels

/// Repeatable random numbers (SplitMix64).
struct Numbers {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A float in -1 ..< 1.
  mutating func float() -> Float { Float(Int64(bitPattern: next()) >> 40) / 0x1p23 }

  mutating func floats(_ count: Int, times factor: Float = 1) -> [Float] {
    (0..<count).map { _ in float() * factor }
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  mutating func weights(_ count: Int) -> [Int8] {
    (0..<count).map { _ in Int8(Int(next() % 255) - 127) }
  }
}

/// The elements with 64 readable bytes after them, as kernels ask of activations.
func padded<T: BitwiseCopyable>(_ values: [T], _ filler: T) -> [T] {
  values + Array(repeating: filler, count: 64)
}

/// Calls `body` with `bytes` of memory aligned to 64.
func withScratch<Result>(_ bytes: Int, _ body: (UnsafeMutableRawPointer) -> Result) -> Result {
  let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes + 64, alignment: 64)
  defer { memory.deallocate() }
  return body(memory)
}

/// Sizes around a tile of `n`.
func around(_ n: Int) -> [Int] {
  Array(Set([1, n - 1, n, n + 1, 2 * n + 1].filter { $0 > 0 })).sorted()
}

/// The sets to compare with the portable one.
let vectorSets = InstructionSet.available.filter { $0 != .portable }

/// A compact sweep over kernels, strides, dilations, paddings, groups and channel counts.
let geometries: [ConvolutionGeometry] = {
  var all: [ConvolutionGeometry] = []
  func add(
    _ size: (Int, Int), _ channels: (Int, Int), kernel: (Int, Int) = (1, 1),
    stride: (Int, Int) = (1, 1),
    dilation: (Int, Int) = (1, 1), pad: (Int, Int, Int, Int) = (0, 0, 0, 0), groups: Int = 1,
    batch: Int = 1
  ) {
    all.append(
      ConvolutionGeometry(
        batch: batch, inputHeight: size.0, inputWidth: size.1, inputChannels: channels.0,
        outputChannels: channels.1, kernelHeight: kernel.0, kernelWidth: kernel.1,
        strideHeight: stride.0, strideWidth: stride.1, dilationHeight: dilation.0,
        dilationWidth: dilation.1, padTop: pad.0, padLeft: pad.1, padBottom: pad.2, padRight: pad.3,
        groups: groups))
  }
  // Products: rows and columns around the tiles.
  for columns in [1, 15, 16, 17, 31, 32, 33, 48, 64, 97, 130] { add((1, 15), (20, columns)) }
  for rows in [1, 8, 9, 13, 14, 15, 29] { add((1, rows), (7, 33)) }
  for depth in [1, 2, 3, 4, 5, 63, 64, 257] { add((3, 5), (depth, 24)) }
  add((1, 1), (300, 1000))
  add((4, 4), (8, 16), batch: 3)
  // Windows.
  add((9, 11), (3, 32), kernel: (3, 3), stride: (2, 2), pad: (1, 1, 1, 1))
  add((9, 11), (3, 20), kernel: (3, 3), stride: (2, 2), pad: (0, 0, 1, 1), batch: 2)
  add((13, 12), (3, 17), kernel: (7, 7), stride: (2, 2), pad: (3, 3, 3, 3))
  add((7, 9), (1, 6), kernel: (5, 5), pad: (2, 2, 2, 2))
  add((8, 9), (16, 24), kernel: (3, 3), pad: (1, 1, 1, 1), batch: 2)
  add((8, 9), (18, 33), kernel: (3, 3), pad: (1, 0, 2, 1))
  add((8, 9), (66, 10), kernel: (3, 3), stride: (2, 1), pad: (1, 1, 1, 1))
  add((10, 9), (20, 16), kernel: (3, 2), dilation: (2, 3), pad: (2, 3, 1, 0))
  add((10, 9), (4, 16), kernel: (3, 3), dilation: (2, 2), pad: (2, 2, 2, 2))
  add((6, 6), (21, 19), stride: (2, 2))
  add((3, 3), (5, 8), kernel: (1, 1), pad: (1, 1, 1, 1))
  add((2, 2), (6, 5), kernel: (5, 5), pad: (4, 4, 4, 4))
  // Groups.
  add((6, 7), (32, 48), kernel: (3, 3), pad: (1, 1, 1, 1), groups: 2)
  add((6, 7), (12, 20), kernel: (3, 3), pad: (1, 1, 1, 1), groups: 4)
  add((6, 7), (40, 36), groups: 4)
  add((6, 7), (5, 15), kernel: (3, 3), pad: (1, 1, 1, 1), groups: 5)
  // Depthwise.
  for channels in [1, 2, 15, 16, 17, 33, 63, 64, 65, 129] {
    add((5, 9), (channels, channels), kernel: (3, 3), pad: (1, 1, 1, 1), groups: channels)
  }
  add((9, 8), (24, 24), kernel: (3, 3), stride: (2, 2), pad: (0, 0, 1, 1), groups: 24, batch: 2)
  add((9, 10), (19, 19), kernel: (5, 5), stride: (2, 2), pad: (2, 2, 2, 2), groups: 19)
  add((9, 10), (70, 70), kernel: (7, 7), pad: (3, 3, 3, 3), groups: 70)
  add((9, 10), (17, 17), kernel: (3, 3), dilation: (2, 2), pad: (2, 2, 2, 2), groups: 17)
  add((1, 9), (17, 17), kernel: (1, 2), groups: 17)
  add((9, 10), (66, 66), kernel: (5, 5), pad: (2, 2, 2, 2), groups: 66)
  add((9, 10), (18, 18), kernel: (7, 7), stride: (2, 2), pad: (3, 3, 3, 3), groups: 18, batch: 2)
  add((9, 10), (18, 18), kernel: (3, 3), stride: (1, 2), dilation: (2, 1), groups: 18)
  add((2, 2), (18, 18), kernel: (5, 5), pad: (2, 4, 2, 4), groups: 18)
  add((9, 10), (18, 18), kernel: (3, 3), stride: (3, 3), pad: (1, 1, 1, 1), groups: 18)
  add((9, 10), (18, 18), kernel: (4, 4), stride: (2, 2), pad: (1, 1, 1, 1), groups: 18)
  add((3, 2), (16, 16), kernel: (3, 3), pad: (1, 1, 1, 1), groups: 16)
  for rows in [3, 4, 7, 11] {
    add((rows, 6), (20, 20), kernel: (3, 3), pad: (1, 1, 1, 1), groups: 20, batch: 2)
    add(
      (rows * 2, 6), (20, 20), kernel: (3, 3), stride: (2, 2), pad: (1, 1, 0, 0), groups: 20)
  }
  add((6, 5), (80, 80), kernel: (3, 3), stride: (2, 2), pad: (2, 2, 2, 2), groups: 80)
  add((6, 21), (28, 28), kernel: (3, 3), stride: (1, 2), pad: (1, 1, 1, 1), groups: 28)
  add((2, 7), (16, 16), kernel: (3, 3), pad: (3, 4, 3, 4), groups: 16)
  // Nothing to do.
  add((2, 2), (4, 4), kernel: (3, 3))
  add((2, 2), (4, 4), batch: 0)
  return all
}()

/// Calls `body` with output, tap and input positions of every product; -1 is an input in the padding.
func forEachProduct(
  _ g: ConvolutionGeometry, _ body: (_ output: Int, _ weight: Int, _ input: Int) -> Void
) {
  let depth = g.inputChannels / g.groups
  for n in 0..<g.batch {
    for y in 0..<g.outputHeight {
      for x in 0..<g.outputWidth {
        for o in 0..<g.outputChannels {
          let output = ((n * g.outputHeight + y) * g.outputWidth + x) * g.outputChannels + o
          for i in 0..<depth {
            let channel = o / (g.outputChannels / g.groups) * depth + i
            for ky in 0..<g.kernelHeight {
              for kx in 0..<g.kernelWidth {
                let row = y * g.strideHeight + ky * g.dilationHeight - g.padTop
                let column = x * g.strideWidth + kx * g.dilationWidth - g.padLeft
                let inside =
                  row >= 0 && row < g.inputHeight && column >= 0 && column < g.inputWidth
                let input =
                  ((n * g.inputHeight + row) * g.inputWidth + column) * g.inputChannels + channel
                let weight = ((o * depth + i) * g.kernelHeight + ky) * g.kernelWidth + kx
                body(output, weight, inside ? input : -1)
              }
            }
          }
        }
      }
    }
  }
}
