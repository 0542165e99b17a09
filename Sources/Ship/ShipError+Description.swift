import ModelFormat

extension ShipError: CustomStringConvertible {
  /// One line that names the file, what is wrong, and the way out.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .opening(let error): error.description
    case .key(let path, let problem): "\(path): \(problem.words)"
    case .signature(let path, let problem): "\(path): \(problem.words)"
    case .packed(let path, let error): "\(path): \(error)"
    case .incomplete(let path, let bytes, let total, let kept):
      "\(path): ends at byte \(bytes) of \(total): fetch the rest and give the same command, which goes "
        + "on from \(kept)"
    case .otherBase(let path, let base):
      "\(path): is a delta from another file than \(base): unpack the whole new file instead"
    case .needsBase(let path):
      "\(path): is a delta: give it to 'pare patch' with the file that it was made from"
    case .noDelta(let path): "\(path): is a whole file and no delta: give it to 'pare unpack'"
    case .resultDiffers(let path):
      "\(path): what it unpacks to is not what was packed: fetch it again"
    case .tooLarge(let path, let bytes, let limit):
      "\(path): unpacks to \(bytes) bytes, more than the \(limit) that are allowed"
    case .rollback(let path, let release, let installed):
      "\(path): is release \(release), and release \(installed) was installed before: "
        + "--allow-rollback installs it all the same"
    case .golden(let path, let detail):
      "\(path): does not compute here what it did where it was made (\(detail)): what was installed before "
        + "stays"
    case .locked(let path): "\(path): another process is installing there: try again later"
    case .wouldReplace(let path):
      "\(path): the command reads this file: name another one with --output"
    }
  }
}

extension ShipError.KeyProblem {
  fileprivate var words: String {
    switch self {
    case .notAKey: "is no key in minisign's form; 'pare keygen' makes one"
    case .otherAlgorithm: "is a key of another algorithm than Ed25519 with BLAKE2b"
    case .needsPassword: "is encrypted: a password is needed (--password-file, or a terminal)"
    case .wrongPassword: "the password is wrong, or the key is damaged"
    case .tooCostly: "asks for more memory or time to decrypt than there is"
    case .exists: "exists: a key is never written over; name another file"
    }
  }
}

extension ShipError.SignatureProblem {
  fileprivate var words: String {
    switch self {
    case .missing: "is not signed: 'pare sign' does"
    case .malformed: "is no signature in minisign's form"
    case .doesNotHold: "the signature does not hold: the file is not what the key's owner signed"
    case .otherKey(let found, let wanted): "is signed by key \(found), not by \(wanted)"
    }
  }
}
