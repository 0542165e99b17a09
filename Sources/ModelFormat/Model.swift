/// A network and what is said about it: the content of one file.
public struct Model: Sendable {
  /// The network.
  public var graph: Graph
  /// The encoded metadata message of `schemas/pare.proto`; opaque here, and never read by a device.
  public var metadata: Bytes
  /// A number that rises with each release of a model; zero where nobody counts.
  public var release: UInt64
  /// Who vouches for the file, or nil where it is not signed; holds for these very bytes alone.
  public var signature: ModelSignature?
  /// Sections that this version does not know and that may be ignored; kept when rewriting.
  public var ancillary: [AncillarySection]

  /// A model with the given content.
  public init(
    graph: Graph, metadata: Bytes = Bytes([]), release: UInt64 = 0,
    signature: ModelSignature? = nil, ancillary: [AncillarySection] = []
  ) {
    self.graph = graph
    self.metadata = metadata
    self.release = release
    self.signature = signature
    self.ancillary = ancillary
  }
}

/// An Ed25519 signature of a file: of its header and section table, which reach all other bytes by
/// digests.
///
/// This module stores it and checks its form. Whether it holds is for those to say who have a key.
public struct ModelSignature: Sendable, Hashable {
  /// What is signed begins with these bytes, so that a signature of something else never fits.
  public static let context = [UInt8]("PARE-SIGNATURE-1".utf8)

  /// Which key signed: eight bytes that a key carries, as minisign's do.
  ///
  /// They find a key and prove nothing.
  public let keyID: [UInt8]
  /// The 64 bytes of the signature.
  public let bytes: [UInt8]

  /// A signature by the key `keyID`.
  ///
  /// - Precondition: `keyID` has 8 bytes, `bytes` has 64.
  public init(keyID: [UInt8], bytes: [UInt8]) {
    precondition(keyID.count == V1.Signature.keyID.count && bytes.count == V1.Signature.bytes.count)
    self.keyID = keyID
    self.bytes = bytes
  }
}

/// A section that a reader may skip.
public struct AncillarySection: Sendable {
  /// The kind's number, without the critical bit.
  public let kind: UInt32
  /// The content.
  public let bytes: Bytes

  /// A section of `kind` with `bytes`.
  public init(kind: UInt32, bytes: Bytes) {
    self.kind = kind
    self.bytes = bytes
  }
}
