import Datasets
import Interpreter
import Kernels
import ModelFormat
import Train

/// Batches of samples for training, each sample looked at anew every time.
struct SampleBatches {
  private let feed: SampleFeed
  private let batch: Int
  private let stream: RandomStream
  private let ports: [Interpreter.Port]
  /// Part of the batches in which images are mixed with each other.
  private let mixing: Double
  /// Samples that were decoded, kept while they are small enough together.
  private var known: [Int: Sample] = [:]
  private var knownBytes = 0
  /// Which samples come next.
  var order: SampleOrder
  private var mixed: [Float] = []

  private static let cache = 256 << 20

  /// Batches of the samples of `set`, for inputs of `ports`, whose first dimension is the batch.
  init?(
    _ set: SampleSet, ports: [Interpreter.Port], batch: Int, seed: UInt64, mixing: Double
  ) throws(ConvertError) {
    guard let dataset = set.dataset, !ports.isEmpty else { return nil }
    let indices = set.indices
    guard !indices.isEmpty else { return nil }
    do throws(DatasetError) {
      feed = try SampleFeed(dataset, ports: ports, preprocessing: set.preprocessing)
    } catch { throw .dataset(error) }
    self.ports = ports
    self.batch = batch
    stream = RandomStream(seed: seed &+ 0xD157)
    order = SampleOrder(indices, stream, first: -1)
    self.mixing =
      ports.count == 1 && ports[0].type == .float32 && ports[0].shape.rank == 4 ? mixing : 0
  }

  /// Fills the inputs with batch number `step`; samples that cannot be read give way to others.
  mutating func fill(
    _ step: Int, _ pool: ThreadPool, into input: (Int) -> UnsafeMutableRawBufferPointer
  ) throws(ConvertError) {
    var random = stream.stream(step)
    for item in 0..<batch {
      var failure: DatasetError?
      for _ in 0..<8 {
        let index = order.next()
        do throws(DatasetError) {
          let sample = try sample(index)
          _ = try feed.load(sample, item: item, view: ImageView(&random), into: input)
          failure = nil
          break
        } catch { failure = error }
      }
      if let failure { throw .dataset(failure) }
    }
    guard mixing > 0, random.uniform() < mixing else { return }
    let images = input(0).bindMemory(to: Float.self)
    if mixed.count < images.count { mixed = [Float](repeating: 0, count: images.count) }
    let pairs = Mixup(alpha: 1).pairs(batch, stream: random)
    let size = images.count / batch
    mixed.withUnsafeMutableBufferPointer { mixed in
      guard let from = images.baseAddress, let to = mixed.baseAddress else { return }
      Mixup.apply(pairs, from, to: to, size: size, pool: pool)
      from.update(from: to, count: images.count)
    }
  }

  private mutating func sample(_ index: Int) throws(DatasetError) -> Sample {
    if let sample = known[index] { return sample }
    let sample = try feed.dataset.sample(at: index)
    if case .image(let image) = sample.content, knownBytes + image.pixels.count <= Self.cache {
      known[index] = sample
      knownBytes += image.pixels.count
    }
    return sample
  }
}
