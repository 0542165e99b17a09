import Synchronization

/// Tells long work to come to an end with the best that it has: a time limit is over, or somebody asked.
public final class StopSignal: Sendable {
  private let isAsked = Atomic<Bool>(false)
  private let begun = ProcessCosts.now
  /// Seconds until the signal is given by itself.
  private let limit: Double
  /// The bits of the seconds that an earlier run has taken.
  private let earlier = Atomic<UInt64>(0)

  /// A signal that is given after `seconds`, or never by itself.
  public init(after seconds: Double? = nil) {
    limit = seconds ?? .infinity
  }

  /// Gives the signal.
  public func give() { isAsked.store(true, ordering: .relaxed) }

  /// Whether somebody has given it.
  public var wasGiven: Bool { isAsked.load(ordering: .relaxed) }

  /// Whether to stop now.
  public var isOver: Bool { wasGiven || elapsed >= limit }

  /// Seconds that are left; infinite without a limit.
  var remaining: Double { wasGiven ? 0 : max(0, limit - elapsed) }

  /// Seconds of work so far, those of an earlier run among them.
  var elapsed: Double {
    ProcessCosts.now - begun + Double(bitPattern: earlier.load(ordering: .relaxed))
  }

  /// Counts seconds of an earlier run, which this one goes on from.
  func count(_ seconds: Double) { earlier.store(seconds.bitPattern, ordering: .relaxed) }
}
