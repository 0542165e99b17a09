internal import CDigests

extension SHA256 {
  /// The same, shared out among threads.
  static func digests(of messages: [UnsafeRawBufferPointer], _ workers: Workers?) -> [[UInt8]] {
    guard let workers, workers.count > 1, messages.count > 1 else {
      return Self.digests(of: messages)
    }
    // Each message, the longest first, to the thread that has the least to do.
    var shares = [[Int]](repeating: [], count: workers.count)
    var bytes = [Int](repeating: 0, count: workers.count)
    for index in messages.indices.sorted(by: { messages[$0].count > messages[$1].count }) {
      let least = bytes.indices.min { bytes[$0] < bytes[$1] } ?? 0
      shares[least].append(index)
      bytes[least] += messages[index].count
    }
    var found = [[[UInt8]]](repeating: [], count: workers.count)
    found.withUnsafeMutableBufferPointer { found in
      // Each part writes one element that no other touches.
      nonisolated(unsafe) let found = found
      workers.run(workers.count) { part in
        found[part] = Self.digests(of: shares[part].map { messages[$0] })
      }
    }
    var all = [[UInt8]](repeating: [], count: messages.count)
    for (share, part) in zip(shares, found) {
      for (index, digest) in zip(share, part) { all[index] = digest }
    }
    return all
  }

  /// The digests of `messages`, in order.
  ///
  /// Two messages at a time where the processor has instructions for it, which is half as fast again.
  static func digests(of messages: [UnsafeRawBufferPointer]) -> [[UInt8]] {
    guard let hardware, messages.count > 1 else { return messages.map { digest($0) } }
    var digests = [[UInt8]](repeating: [], count: messages.count)
    // The longest first, so that both lanes end at about the same time.
    let order = messages.indices.sorted { messages[$0].count > messages[$1].count }
    var next = 0
    func lane() -> Lane? {
      guard next < order.count else { return nil }
      next += 1
      return Lane(messages[order[next - 1]], number: order[next - 1])
    }
    var (a, b) = (lane(), lane())
    while var first = a, var second = b {
      Lane.advance(&first, &second, hardware)
      a = first
      b = second
      if first.isDone {
        digests[first.number] = bytes(of: first.state)
        a = lane()
      }
      if second.isDone {
        digests[second.number] = bytes(of: second.state)
        b = lane()
      }
    }
    if var last = a ?? b {
      while !last.isDone { last.advance() }
      digests[last.number] = bytes(of: last.state)
    }
    return digests
  }

  /// One message on its way: first its whole blocks, then its tail.
  private struct Lane {
    let number: Int
    var state = SHA256.start
    private var message: UnsafeRawBufferPointer
    private let tail: SHA256Tail
    /// Blocks of the tail that are done.
    private var tailDone = 0

    init(_ message: UnsafeRawBufferPointer, number: Int) {
      self.number = number
      let whole = message.count / 64 * 64
      self.message = UnsafeRawBufferPointer(rebasing: message[..<whole])
      var rest = SIMD64<UInt8>()
      withUnsafeMutableBytes(of: &rest) {
        $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: message[whole...]))
      }
      tail = SHA256Tail(rest, length: message.count)
    }

    var isDone: Bool { message.isEmpty && tailDone == tail.count }

    /// Blocks that lie one behind the other from here.
    private var blocks: Int { message.isEmpty ? tail.count - tailDone : message.count / 64 }

    /// Calls `body` with the next blocks.
    private func withBlocks(_ body: (UnsafeRawBufferPointer) -> Void) {
      guard message.isEmpty else { return body(message) }
      tail.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[(tailDone * 64)...])) }
    }

    private mutating func skip(_ count: Int) {
      if message.isEmpty {
        tailDone += count
      } else {
        message = UnsafeRawBufferPointer(rebasing: message[(count * 64)...])
      }
    }

    /// Takes the message, or what is left of the tail, by itself.
    mutating func advance() {
      var state = state
      withBlocks { SHA256.fold($0, into: &state) }
      self.state = state
      skip(blocks)
    }

    /// Takes as many blocks of both as the shorter has from here.
    static func advance(
      _ a: inout Lane, _ b: inout Lane, _ hardware: UnsafePointer<pare_sha256>
    ) {
      let count = min(a.blocks, b.blocks)
      var (first, second) = (a.state, b.state)
      a.withBlocks { messageA in
        b.withBlocks { messageB in
          withUnsafeMutableBytes(of: &first) { stateA in
            withUnsafeMutableBytes(of: &second) { stateB in
              hardware.pointee.two(
                stateA.assumingMemoryBound(to: UInt32.self).baseAddress,
                stateB.assumingMemoryBound(to: UInt32.self).baseAddress,
                messageA.assumingMemoryBound(to: UInt8.self).baseAddress,
                messageB.assumingMemoryBound(to: UInt8.self).baseAddress, count)
            }
          }
        }
      }
      (a.state, b.state) = (first, second)
      a.skip(count)
      b.skip(count)
    }
  }
}
