/// Threads that a reader may share out its work among; this module has none of its own.
public struct Workers {
  /// How many there are.
  public let count: Int
  /// Calls its second argument once for each number below the first, on any thread, and returns when all
  /// calls have ended.
  public let run: (_ parts: Int, _ body: (Int) -> Void) -> Void

  /// `count` threads behind `run`.
  public init(count: Int, run: @escaping (_ parts: Int, _ body: (Int) -> Void) -> Void) {
    self.count = count
    self.run = run
  }
}
