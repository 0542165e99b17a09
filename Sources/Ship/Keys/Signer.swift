import ModelFormat

/// Signs files.
public enum Signer {
  /// What was signed.
  public struct Report: Sendable, Encodable {
    /// The signed file.
    public let path: String
    /// The file of the detached signature.
    public let signature: String
    /// The number of the key, as minisign writes it.
    public let key: String
    /// The digest of the signed file, in hexadecimal digits.
    public let digest: String
    /// Its release.
    public let release: UInt64
    /// Its size in bytes.
    public let bytes: Int
  }

  /// Signs the `.pare` file at `path` by `key`: writes it with the signature in it to `output`, which may
  /// be `path`, and a detached signature of the result beside that.
  ///
  /// `release` replaces the release in the file. `isDetached` leaves the file as it is and writes the
  /// detached signature alone.
  public static func sign(
    _ path: String, by key: SigningKey, to output: String, release: UInt64? = nil,
    isDetached: Bool = false
  ) throws(ShipError) -> Report {
    var file = try ShipError.opening { () throws(OpenError) in try ModelReader.open(path: path) }
    if !isDetached {
      var model = file.model
      if let release { model.release = release }
      // What is signed depends on there being a signature, not on which.
      model.signature = ModelSignature(
        keyID: key.id, bytes: [UInt8](repeating: 0, count: 64))
      let message = ModelSignature.context + ModelWriter(model).signedBytes
      model.signature = ModelSignature(keyID: key.id, bytes: key.sign(message))
      let writer = ModelWriter(model)
      try ShipError.filing { () throws(FileError) in
        try AtomicFile.write(to: output) { (sink) throws(FileError) in try writer.write(to: sink) }
      }
      file = try ShipError.opening { () throws(OpenError) in try ModelReader.open(path: output) }
    }
    let digest = file.digest.hexadecimal
    let name = output.split(separator: "/").last.map(String.init) ?? output
    let signature = try DetachedSignature(
      of: output, by: key,
      comment: "file:\(name)\trelease:\(file.model.release)\tdigest:\(digest)")
    let place = output + DetachedSignature.suffix
    try ShipError.filing { () throws(FileError) in
      try AtomicFile.write([UInt8](signature.text.utf8), to: place)
    }
    return Report(
      path: output, signature: place, key: key.id.keyNumber, digest: digest,
      release: file.model.release, bytes: file.byteCount)
  }
}
