import Synchronization

/// Tells long work to come to an end with the best that it has: a time limit is over, or somebody asked.
public final class StopSignal: Sendable {
  private let isAsked = Atomic<Bool>(false)
  private let deadline: Double

  /// A signal that is given after `seconds`, or never by itself.
  public init(after seconds: Double? = nil) {
    deadline = seconds.map { ProcessCosts.now + $0 } ?? .infinity
  }

  /// Gives the signal.
  public func give() { isAsked.store(true, ordering: .relaxed) }

  /// Whether somebody has given it.
  public var wasGiven: Bool { isAsked.load(ordering: .relaxed) }

  /// Whether to stop now.
  public var isOver: Bool { wasGiven || ProcessCosts.now >= deadline }

  /// Seconds that are left; infinite without a limit.
  var remaining: Double { wasGiven ? 0 : max(0, deadline - ProcessCosts.now) }
}
