public import ModelFormat

/// Why a file could not be signed, packed, patched or installed.
public enum ShipError: Error {
  /// A file could not be read or written.
  case file(FileError)
  /// A model's file breaks a rule of docs/Format.md.
  case opening(OpenError)
  /// A key's file is of no use.
  case key(String, KeyProblem)
  /// A signature is not there, not of the key, or does not hold.
  case signature(String, SignatureProblem)
  /// A packed file breaks a rule of docs/Shipping.md.
  case packed(String, PackedError)
  /// A packed file ends early; what was unpacked is kept, and the same command goes on.
  case incomplete(String, bytes: Int, of: Int, kept: String)
  /// A delta was made from another file than the one given.
  case otherBase(String, base: String)
  /// A delta was given where a whole file is needed.
  case needsBase(String)
  /// A whole file was given where a delta is needed.
  case noDelta(String)
  /// What was unpacked is not what was packed.
  case resultDiffers(String)
  /// The file would be larger than the caller allows.
  case tooLarge(String, bytes: Int, limit: Int)
  /// A file of an older release than the one that is or was installed.
  case rollback(String, release: UInt64, installed: UInt64)
  /// The file computes something else here than where it was made, or cannot run.
  case golden(String, String)
  /// The folder of installed models is in use by another process.
  case locked(String)
  /// The command would write over one of the files that it reads.
  case wouldReplace(String)

  /// What is wrong with a key.
  public enum KeyProblem: Sendable, Hashable {
    case notAKey, otherAlgorithm, needsPassword, wrongPassword, tooCostly, exists
  }

  /// What is wrong with a signature.
  public enum SignatureProblem: Sendable, Hashable {
    case missing, malformed, doesNotHold
    case otherKey(String, wanted: String)
  }

  /// Whether the error is about whom or what to trust, and not about a file's form.
  public var isDistrust: Bool {
    switch self {
    case .signature, .rollback, .otherBase, .resultDiffers: true
    case .opening(.model(_, let error)):
      [.headerChecksum, .sectionTableDigest, .sectionDigest, .tensorDigest].contains(error.rule)
    case .packed(_, let error): error.rule == .chunkDigest || error.rule == .headerChecksum
    default: false
    }
  }

  /// Runs `body`, with what it throws as an error of this module.
  @discardableResult
  static func filing<R>(_ body: () throws(FileError) -> R) throws(ShipError) -> R {
    do { return try body() } catch { throw .file(error) }
  }

  /// Runs `body`, with what it throws as an error of this module.
  static func opening<R>(_ body: () throws(OpenError) -> R) throws(ShipError) -> R {
    do { return try body() } catch {
      if case .file(let problem) = error { throw .file(problem) }
      throw .opening(error)
    }
  }
}
