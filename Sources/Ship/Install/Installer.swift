public import ModelFormat

/// Installs models on a device: a folder of verified files, of which one is current.
///
/// ```
/// DIR/<digest>.pare     what was installed, at most two: the current one and the one before
/// DIR/current           a symbolic link to the current one
/// DIR/previous          a symbolic link to the one before
/// DIR/release           the highest release that was ever current
/// DIR/lock              held while somebody installs
/// ```
///
/// Links and files are replaced in one step. So a reader that opens `DIR/current` finds a whole, verified
/// file at any time, and keeps it for as long as it is open, even when it is removed meanwhile.
public enum Installer {
  /// What may be installed.
  public struct Policy: Sendable {
    /// The key whose owner must have signed the file; nil takes any.
    public var key: VerifyingKey?
    /// Whether a release older than the highest that was ever current will do.
    public var allowsRollback = false
    /// The most bytes that a file may unpack to.
    public var largest = Int.max

    /// Takes any file that is not older.
    public init() {}
  }

  /// What was installed.
  public struct Report: Sendable, Encodable {
    /// The installed file.
    public let path: String
    /// The link that leads to it.
    public let current: String
    /// Its digest.
    public let digest: String
    /// Its release.
    public let release: UInt64
    /// Its size in bytes.
    public let bytes: Int
    /// What was current before, or nil.
    public let previous: String?
    /// Whether it had been current already, so that nothing was done.
    public let wasCurrent: Bool
    /// Whether the network was run and computed what it should; false where the file does not say what that
    /// is.
    public let wasRun: Bool
  }

  /// Installs the file at `path` into `folder` and makes it current.
  ///
  /// The file is a model, a packed one, or a delta from the one that is current. It is verified, run on its
  /// golden vector and on disk before anything changes for readers. Where any of that fails, what was
  /// current stays.
  ///
  /// - Parameter check: runs the network on its golden vector: whether there was one, or what it found
  ///   wrong, in words.
  public static func install(
    _ path: String, into folder: String, policy: Policy = Policy(),
    check: (ModelFile) -> GoldenResult
  ) throws(ShipError) -> Report {
    let place = try InstallFolder(folder)
    defer { place.tidy() }
    let current = place.current
    let staged = try place.stage(path, limit: policy.largest)
    let file = try ShipError.opening { () throws(OpenError) in
      try ModelReader.open(path: staged)
    }
    if let key = policy.key { try require(key, file, staged: staged, source: path) }
    let highest = try place.highestRelease()
    guard file.model.release >= highest || policy.allowsRollback else {
      throw .rollback(path, release: file.model.release, installed: highest)
    }
    let digest = file.digest.hexadecimal
    let result = check(file)
    if case .disagrees(let words) = result { throw .golden(path, words) }
    let name = digest + ".pare"
    let wasCurrent = name == current
    try place.keep(staged, as: name)
    // Before the switch: whatever happens in between, what is older than this never comes back unasked.
    try place.raise(highestTo: file.model.release, from: highest)
    if !wasCurrent { try place.makeCurrent(name, before: current) }
    return Report(
      path: "\(folder)/\(name)", current: "\(folder)/\(InstallFolder.currentName)", digest: digest,
      release: file.model.release, bytes: file.byteCount, previous: wasCurrent ? nil : current,
      wasCurrent: wasCurrent, wasRun: result == .agrees)
  }

  /// The signature in the file, or the detached one beside what was given.
  private static func require(
    _ key: VerifyingKey, _ file: ModelFile, staged: String, source: String
  ) throws(ShipError) {
    do throws(ShipError) { try key.require(file, path: staged) } catch {
      let detached = source + DetachedSignature.suffix
      guard case .signature(_, let problem) = error else { throw error }
      guard AtomicFile.exists(detached), problem != .doesNotHold else {
        throw .signature(source, problem)
      }
      try key.require(DetachedSignature(path: detached), of: staged, named: detached)
    }
  }
}

/// What running a network on its golden vector showed.
public enum GoldenResult: Sendable, Hashable {
  case agrees
  /// The file has no golden vector.
  case unknown
  case disagrees(String)
}
