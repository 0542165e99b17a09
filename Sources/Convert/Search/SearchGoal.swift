/// What a search is to reach.
public struct SearchGoal: Sendable, Hashable, Codable {
  /// The most bytes of the file.
  public var bytes: Int?
  /// The most milliseconds of one run on this machine, with the threads of the conversion.
  public var ms: Double?
  /// The most top-1 accuracy that may be lost on the labelled data, as a fraction.
  public var drop: Double?

  /// A goal without limits: the fastest form whose outputs stay those of the original.
  public init(bytes: Int? = nil, ms: Double? = nil, drop: Double? = nil) {
    self.bytes = bytes
    self.ms = ms
    self.drop = drop
  }
}

/// One form that a search has made and measured.
public struct SearchStep: Sendable, Codable {
  /// Bytes of the file.
  public var bytes: Int
  /// The squared error of the outputs over their squares.
  public var error: Double
  /// The part of the trial samples with the same largest output.
  public var agreement: Double
  /// Milliseconds of one run; nil where the goal names none.
  public var ms: Double?
  /// Top-1 lost on the labelled data, as a fraction; nil where there is none.
  public var drop: Double?
  /// Whether it reaches the goal.
  public var isMet: Bool
}

/// What a search did.
public struct SearchReport: Sendable, Codable {
  /// What was to be reached.
  public var goal = SearchGoal()
  /// Whether it was.
  public var isMet = false
  /// Why the search ended before it was done; nil where it was done.
  public var stopped: String?
  /// The forms that were made, in order.
  public var steps: [SearchStep] = []
  /// The form that was written; nil where none was made.
  public var best: SearchStep?
  /// What each layer could have been.
  public var sensitivity = Sensitivity()

  /// A report of nothing yet.
  public init() {}
}

/// What one layer got.
public struct LayerChoice: Sendable, Codable {
  /// The node's name.
  public var node: String
  /// The treatment, such as `int8` or `int4`.
  public var treatment: String
  /// Bytes of its weights in the file.
  public var bytes: Int
  /// The error that it adds to the outputs by itself.
  public var error: Double
  /// Why it got that.
  public var reason: String
}
