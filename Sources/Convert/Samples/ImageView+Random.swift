import Datasets
import Interpreter
import Train

extension ImageView {
  /// Look number `index` at image `image`, the same for the same seed; the first one is centered.
  init(_ index: Int, of image: Int, seed: UInt64) {
    self.init()
    guard index > 0 else { return }
    var stream = RandomStream(seed: seed).stream(image).stream(index)
    self.init(&stream)
    isMirrored = index % 2 == 1
  }

  /// A random look: at least half of the centered one's sides, anywhere, mirrored or not.
  init(_ stream: inout RandomStream) {
    self.init()
    isMirrored = stream.below(2) == 1
    extent = 0.5 + 0.5 * stream.uniform().squareRoot()
    horizontal = 2 * stream.uniform() - 1
    vertical = 2 * stream.uniform() - 1
  }
}
