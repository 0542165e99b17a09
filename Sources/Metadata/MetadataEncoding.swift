internal import CProtobufC
internal import CSchemas
public import ModelFormat

extension Metadata {
  /// The canonical encoding: fields in order, nothing that equals its default.
  public func encoded() -> Bytes {
    let memory = MessageMemory()
    var message = Pare__Metadata()
    pare__metadata__init(&message)
    message.preprocessing = preprocessing.map { memory.place($0.message(memory)) }
    message.n_labels = labels.count
    message.labels = memory.place(labels.map { memory.string($0) })
    message.provenance = provenance.map { memory.place($0.message(memory)) }
    message.n_source_entries = sourceEntries.count
    message.source_entries = memory.pointers(sourceEntries.map { $0.message(memory) })
    message.golden = golden.map { memory.place($0.message(memory)) }
    var bytes = [UInt8](repeating: 0, count: pare__metadata__get_packed_size(&message))
    pare__metadata__pack(&message, &bytes)
    return Bytes(bytes)
  }
}

/// Memory for the C structures of one message; freed when the message has been packed.
private final class MessageMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  /// A copy of `value` that lives as long as this object.
  func place<T>(_ value: T) -> UnsafeMutablePointer<T> {
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: 1)
    pointer.initialize(to: value)
    blocks.append(UnsafeMutableRawPointer(pointer))
    return pointer
  }

  /// A copy of `values`, or nil where there are none.
  func place<T>(_ values: [T]) -> UnsafeMutablePointer<T>? {
    guard !values.isEmpty else { return nil }
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: values.count)
    pointer.initialize(from: values, count: values.count)
    blocks.append(UnsafeMutableRawPointer(pointer))
    return pointer
  }

  /// Pointers to copies of `values`.
  func pointers<T>(_ values: [T]) -> UnsafeMutablePointer<UnsafeMutablePointer<T>?>? {
    place(values.map { Optional(place($0)) })
  }

  /// A copy of `text`, ended by a zero.
  func string(_ text: String) -> UnsafeMutablePointer<CChar>? {
    place(Array(text.utf8CString))
  }
}

extension Preprocessing {
  fileprivate func message(_ memory: MessageMemory) -> Pare__Preprocessing {
    var message = Pare__Preprocessing()
    pare__preprocessing__init(&message)
    message.name = memory.string(name)
    message.resize = UInt32(clamping: resize ?? 0)
    message.crop = UInt32(clamping: crop ?? 0)
    message.divisor = divisor
    message.n_mean = mean.count
    message.mean = memory.place(mean)
    message.n_deviation = deviation.count
    message.deviation = memory.place(deviation)
    message.color = memory.string(color.rawValue)
    message.layout = memory.string(layout.rawValue)
    return message
  }
}

extension Provenance {
  fileprivate func message(_ memory: MessageMemory) -> Pare__Provenance {
    var message = Pare__Provenance()
    pare__provenance__init(&message)
    message.tool = memory.string(tool)
    message.tool_version = memory.string(toolVersion)
    message.source = memory.place(source.message(memory))
    message.n_passes = passes.count
    message.passes = memory.pointers(passes.map { $0.message(memory) })
    message.n_measurements = measurements.count
    message.measurements = memory.pointers(measurements.map { $0.message(memory) })
    message.source_parameters = UInt64(clamping: sourceParameters)
    message.source_multiply_accumulates = UInt64(clamping: sourceMultiplyAccumulates)
    return message
  }
}

extension Provenance.Source {
  fileprivate func message(_ memory: MessageMemory) -> Pare__Source {
    var message = Pare__Source()
    pare__source__init(&message)
    message.file = memory.string(file)
    message.bytes = UInt64(clamping: bytes)
    message.sha256.len = sha256.count
    message.sha256.data = memory.place(sha256)
    message.producer = memory.string(producer)
    message.opset = UInt32(clamping: opset)
    message.ir_version = UInt32(clamping: irVersion)
    return message
  }
}

extension Provenance.Pass {
  fileprivate func message(_ memory: MessageMemory) -> Pare__Pass {
    var message = Pare__Pass()
    pare__pass__init(&message)
    message.name = memory.string(name)
    message.n_options = options.count
    message.options = memory.pointers(options.map { $0.message(memory) })
    message.calibration_samples = UInt32(clamping: calibrationSamples)
    message.seconds = seconds
    message.peak_rss_bytes = UInt64(clamping: peakBytes)
    message.effect = memory.string(effect)
    return message
  }
}

extension Provenance.Measurement {
  fileprivate func message(_ memory: MessageMemory) -> Pare__Measurement {
    var message = Pare__Measurement()
    pare__measurement__init(&message)
    message.name = memory.string(name)
    message.before = before
    message.after = after
    message.samples = UInt32(clamping: samples)
    return message
  }
}

extension Golden {
  fileprivate func message(_ memory: MessageMemory) -> Pare__Golden {
    var message = Pare__Golden()
    pare__golden__init(&message)
    message.seed = seed
    message.n_probes = probes.count
    message.probes = memory.pointers(
      probes.map { probe in
        var part = Pare__Probe()
        pare__probe__init(&part)
        part.elements = UInt64(clamping: probe.elements)
        part.n_values = probe.values.count
        part.values = memory.place(probe.values)
        part.tolerance = probe.tolerance
        return part
      })
    return message
  }
}

extension Entry {
  fileprivate func message(_ memory: MessageMemory) -> Pare__Entry {
    var message = Pare__Entry()
    pare__entry__init(&message)
    message.key = memory.string(key)
    message.value = memory.string(value)
    return message
  }
}
