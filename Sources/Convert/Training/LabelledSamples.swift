import Datasets
import Interpreter
import Kernels
import ModelFormat
import Train

/// Labelled samples for training, each looked at anew every time, and some of them held back.
struct LabelledSamples {
  /// Samples to learn from, and samples to judge by.
  let shown: [Int], held: [Int]
  /// Whether images are mirrored: where a network does not know mirrored ones, what they show is another.
  var mirrors = true

  private let feed: SampleFeed
  private let batch: Int
  private let stream: RandomStream
  /// What images become where they are moved by a few pixels; nil where a part is brought to size.
  private let image: ImageShape?
  private let first: Int
  /// Samples that were decoded, kept while they are small enough together.
  private var known: [Int: Sample] = [:]
  private var knownBytes = 0
  /// Which samples come next.
  private var order: SampleOrder
  private var unmoved: [Float] = []

  private static let cache = 256 << 20
  /// Images up to this many pixels high are moved, not resized.
  private static let small = 64
  /// One of so many samples is held back, up to a number.
  private static let period = 10, mostHeld = 2_000

  /// The samples of `dataset` for inputs of `ports`, whose first dimension is the batch.
  ///
  /// - Parameter dropsFirstClass: whether class 0 of the labels is the network's second.
  init(
    _ dataset: Dataset, ports: [Interpreter.Port], preprocessing: Preprocessing?, batch: Int,
    options: ConversionOptions
  ) throws(ConvertError) {
    do throws(DatasetError) {
      feed = try SampleFeed(dataset, ports: ports, preprocessing: preprocessing)
    } catch { throw .dataset(error) }
    self.batch = batch
    stream = RandomStream(seed: options.seed &+ 0x7EAC4)
    first = options.dropsFirstClass ? 1 : 0
    // In an order of their own: classes may lie one behind the other.
    var indices = [Int](0..<dataset.count)
    var random = stream.stream(-1)
    random.shuffle(&indices)
    let count = min(Self.mostHeld, indices.count / Self.period)
    held = indices.prefix(max(count, 1)).sorted()
    shown = count == 0 ? indices : Array(indices.dropFirst(count))
    order = SampleOrder(shown, stream, first: -2)
    let shape = ports.first?.shape ?? []
    if let preprocessing, ports.count == 1, shape.rank == 4 {
      let isPlanar = preprocessing.layout == .nchw
      let (height, width) = isPlanar ? (shape[2], shape[3]) : (shape[1], shape[2])
      image =
        height <= Self.small
        ? ImageShape(
          channels: isPlanar ? shape[1] : shape[3], height: height, width: width,
          order: isPlanar ? .channelsFirst : .channelsLast) : nil
    } else {
      image = nil
      mirrors = false
    }
  }

  /// Fills the inputs with batch number `step` of what is learnt from, and returns its labels.
  mutating func fill(
    _ step: Int, _ pool: ThreadPool, into input: (Int) -> UnsafeMutableRawBufferPointer
  ) throws(ConvertError) -> [Int] {
    let random = stream.stream(step)
    let indices = (0..<batch).map { _ in order.next() }
    guard let image else {
      let mirrors = mirrors
      let views = (0..<batch).map { item in
        var draw = random.stream(item)
        var view = ImageView(&draw)
        view.isMirrored = view.isMirrored && mirrors
        return view
      }
      return try load(indices, views, pool, into: input)
    }
    if unmoved.count < batch * image.count {
      unmoved = [Float](repeating: 0, count: batch * image.count)
    }
    var images = unmoved
    unmoved = []
    defer { unmoved = images }
    let views = [ImageView](repeating: ImageView(), count: batch)
    let result: Result<[Int], ConvertError> = images.withUnsafeMutableBytes { memory in
      do throws(ConvertError) {
        return .success(try load(indices, views, pool) { _ in memory })
      } catch { return .failure(error) }
    }
    let labels = try result.get()
    images.withUnsafeBufferPointer { from in
      guard let from = from.baseAddress,
        let to = input(0).bindMemory(to: Float.self).baseAddress
      else { return }
      Augmentation(crop: .padded(max(1, image.height / 8)), flips: mirrors).apply(
        from, image, to: to, image, count: batch, stream: random, pool: pool)
    }
    return labels
  }

  /// Batches of samples held back.
  var heldBatches: Int { (held.count + batch - 1) / batch }

  /// Fills the inputs with a batch of those held back, as they are, and returns their labels: fewer than the
  /// batch at the end, and -1 for what cannot be read.
  mutating func fillHeld(
    _ number: Int, isMirrored: Bool = false, _ pool: ThreadPool,
    into input: (Int) -> UnsafeMutableRawBufferPointer
  ) throws(ConvertError) -> [Int] {
    let indices = Array(held[number * batch..<min(held.count, (number + 1) * batch)])
    var view = ImageView()
    view.isMirrored = isMirrored
    return try load(
      indices, [ImageView](repeating: view, count: indices.count), pool, replaces: false,
      into: input)
  }

  func append(to writer: inout StateWriter) {
    writer.append(mirrors)
    order.append(to: &writer)
  }

  /// Takes over what the same samples wrote.
  mutating func restore(from reader: inout StateReader) throws(StateError) {
    let mirrors = try reader.flag()
    order = try order.restored(from: &reader)
    self.mirrors = mirrors
  }

  /// Loads samples into the items of the batch, on all threads; others take the place of what cannot be read.
  private mutating func load(
    _ indices: [Int], _ views: [ImageView], _ pool: ThreadPool, replaces: Bool = true,
    into input: (Int) -> UnsafeMutableRawBufferPointer
  ) throws(ConvertError) -> [Int] {
    var samples: [Sample?] = indices.map { known[$0] }
    var failures = [DatasetError?](repeating: nil, count: indices.count)
    let feed = feed
    samples.withUnsafeMutableBufferPointer { samples in
      failures.withUnsafeMutableBufferPointer { failures in
        let (samples, failures) = (samples, failures)
        pool.share(indices.count) { _, range in
          for item in range {
            do throws(DatasetError) {
              let sample: Sample
              if let known = samples[item] {
                sample = known
              } else {
                sample = try feed.dataset.sample(at: indices[item])
              }
              _ = try feed.load(sample, item: item, view: views[item], into: input)
              samples[item] = sample
            } catch { failures[item] = error }
          }
        }
      }
    }
    var labels: [Int] = []
    for item in indices.indices {
      var failure = failures[item]
      for _ in 0..<8 {
        guard failure != nil, replaces else { break }
        do throws(DatasetError) {
          let sample = try feed.dataset.sample(at: order.next())
          _ = try feed.load(sample, item: item, view: views[item], into: input)
          samples[item] = sample
          failure = nil
        } catch { failure = error }
      }
      if case .badLabel = failure { throw .unlabelled(feed.dataset.path) }
      if failure != nil, !replaces {
        labels.append(-1)
        continue
      }
      if let failure { throw .dataset(failure) }
      guard let label = samples[item]?.label else { throw .unlabelled(feed.dataset.path) }
      labels.append(label + first)
      keep(samples[item], indices[item], unless: failures[item] != nil)
    }
    return labels
  }

  private mutating func keep(_ sample: Sample?, _ index: Int, unless failed: Bool) {
    guard !failed, let sample, known[index] == nil else { return }
    let bytes =
      switch sample.content {
      case .image(let image): image.pixels.count
      case .array(let array): array.bytes.count
      case .tensors(let arrays): arrays.values.reduce(0) { $0 + $1.bytes.count }
      }
    guard knownBytes + bytes <= Self.cache else { return }
    known[index] = sample
    knownBytes += bytes
  }
}
