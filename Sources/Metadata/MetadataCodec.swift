internal import CProtobufC
internal import CSchemas
public import ModelFormat

/// Why a metadata section could not be read.
public enum MetadataError: Error, Hashable {
  case malformed
  case notCanonical
  case tooLarge
}

extension MetadataError: CustomStringConvertible {
  /// What is wrong with the section.
  public var description: String {
    switch self {
    case .malformed: "the metadata section is no message of schemas/pare.proto"
    case .notCanonical: "the metadata section is not in its canonical encoding"
    case .tooLarge: "the metadata section would take far more memory than it has bytes"
    }
  }
}

extension Metadata {
  /// Reads the metadata section of a file.
  ///
  /// - Throws: `MetadataError` where the bytes are no message, or not the only encoding of it.
  public init(encoded bytes: Bytes) throws(MetadataError) {
    self.init()
    guard bytes.count > 0 else { return }
    // Two bytes of the section can be a message of a hundred.
    let budget = MessageBudget(limit: 16 * bytes.count + 1 << 20)
    let read = budget.withAllocator { allocator -> Metadata? in
      let message = bytes.withUnsafeBytes { buffer in
        pare__metadata__unpack(
          allocator, buffer.count, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self))
      }
      guard let message else { return nil }
      defer { pare__metadata__free_unpacked(message, allocator) }
      return Metadata(message.pointee)
    }
    guard let read else { throw budget.refused == nil ? .malformed : .tooLarge }
    self = read
    if let preprocessing, preprocessing.mean.isEmpty || preprocessing.deviation.isEmpty {
      throw .malformed
    }
    // One meaning, one encoding: nothing can hide in duplicate or unknown fields.
    guard encoded().array == bytes.array else { throw .notCanonical }
  }

  private init(_ message: Pare__Metadata) {
    self.init()
    if let preprocessing = message.preprocessing {
      self.preprocessing = Preprocessing(preprocessing.pointee)
    }
    labels = strings(message.labels, message.n_labels)
    if let provenance = message.provenance { self.provenance = Provenance(provenance.pointee) }
    sourceEntries = list(message.source_entries, message.n_source_entries).map { Entry($0) }
    golden = message.golden.map { Golden($0.pointee) }
  }
}

extension Preprocessing {
  fileprivate init(_ message: Pare__Preprocessing) {
    self.init(
      name: string(message.name), resize: message.resize == 0 ? nil : Int(message.resize),
      crop: message.crop == 0 ? nil : Int(message.crop), divisor: message.divisor,
      mean: Array(UnsafeBufferPointer(start: message.mean, count: message.n_mean)),
      deviation: Array(UnsafeBufferPointer(start: message.deviation, count: message.n_deviation)),
      color: Color(rawValue: string(message.color)) ?? .rgb,
      layout: Layout(rawValue: string(message.layout)) ?? .nchw)
  }
}

extension Provenance {
  fileprivate init(_ message: Pare__Provenance) {
    self.init()
    tool = string(message.tool)
    toolVersion = string(message.tool_version)
    if let from = message.source?.pointee {
      source.file = string(from.file)
      source.bytes = Int(clamping: from.bytes)
      source.sha256 = Array(UnsafeBufferPointer(start: from.sha256.data, count: from.sha256.len))
      source.producer = string(from.producer)
      source.opset = Int(from.opset)
      source.irVersion = Int(from.ir_version)
    }
    passes = list(message.passes, message.n_passes).map { pass in
      Pass(
        name: string(pass.name), options: list(pass.options, pass.n_options).map { Entry($0) },
        calibrationSamples: Int(pass.calibration_samples), seconds: pass.seconds,
        peakBytes: Int(clamping: pass.peak_rss_bytes), effect: string(pass.effect))
    }
    measurements = list(message.measurements, message.n_measurements).map {
      Measurement(string($0.name), before: $0.before, after: $0.after, samples: Int($0.samples))
    }
    sourceParameters = Int(clamping: message.source_parameters)
    sourceMultiplyAccumulates = Int(clamping: message.source_multiply_accumulates)
  }
}

extension Golden {
  fileprivate init(_ message: Pare__Golden) {
    self.init(
      seed: message.seed,
      probes: list(message.probes, message.n_probes).map {
        Probe(
          elements: Int(clamping: $0.elements),
          values: Array(UnsafeBufferPointer(start: $0.values, count: $0.n_values)),
          tolerance: $0.tolerance)
      })
  }
}

extension Entry {
  fileprivate init(_ message: Pare__Entry) { self.init(string(message.key), string(message.value)) }
}

private func string(_ text: UnsafeMutablePointer<CChar>?) -> String {
  text.map { String(cString: $0) } ?? ""
}

private func strings(
  _ texts: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int
) -> [String] {
  UnsafeBufferPointer(start: texts, count: texts == nil ? 0 : count).map { string($0) }
}

private func list<T>(
  _ items: UnsafeMutablePointer<UnsafeMutablePointer<T>?>?, _ count: Int
) -> [T] {
  UnsafeBufferPointer(start: items, count: items == nil ? 0 : count).compactMap { $0?.pointee }
}
