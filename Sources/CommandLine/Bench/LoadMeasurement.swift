import Convert
import Foundation
import Kernels
import ModelFormat

/// How long an artifact takes to open: medians of several runs, the file in the system's cache.
struct LoadMeasurement: Encodable {
  let model: String
  let threads: Int
  let bytes: Int
  /// Header, table, sections and the records of tensors, without the data.
  let outlineMs: Double
  /// Every rule of the format, digests among them.
  let verifyMs: Double
  /// The SHA-256 of all bytes as one message, on one thread.
  let digestMs: Double

  init(model: String, threads: Int, runs: Int) throws {
    self.model = model
    self.threads = threads
    let pool = ThreadPool(threads: threads)
    let workers = Workers(count: pool.threads) { pool.run(parts: $0, $1) }
    bytes = try ModelReader.open(path: model, workers: workers).byteCount
    outlineMs = try Self.median(runs) { _ = try ModelReader.outline(path: model) }
    verifyMs = try Self.median(runs) { _ = try ModelReader.open(path: model, workers: workers) }
    digestMs = try Self.median(runs) {
      let file = Bytes(MappedFile.Shared(try MappedFile(path: model)))
      _ = file.withUnsafeBytes { SHA256.digest($0) }
    }
  }

  private static func median(_ runs: Int, _ body: () throws -> Void) throws -> Double {
    var times: [Double] = []
    for _ in 0..<runs {
      let start = ProcessCosts.now
      try body()
      times.append((ProcessCosts.now - start) * 1000)
    }
    return times.sorted()[times.count / 2]
  }

  var text: String {
    func row(_ what: String, _ ms: Double, isAll: Bool = true) -> [String] {
      let speed = String(format: "%.2f GB/s", Double(bytes) / ms / 1e6)
      return [what, String(format: "%.3f ms", ms), isAll ? speed : ""]
    }
    return "\(model): \(Text.count(bytes)) bytes, \(threads) thread\(threads == 1 ? "" : "s")\n"
      + Text.table([
        row("outline", outlineMs, isAll: false), row("every check", verifyMs),
        row("digest alone, one thread", digestMs),
      ])
  }
}
