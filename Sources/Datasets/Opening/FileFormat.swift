/// What a file is, told by its bytes and never by its name.
enum FileFormat: Hashable {
  case jpeg, png, npy, zip, gzip, tar, idx, unknown

  /// The format that the first bytes tell.
  init(_ bytes: UnsafeRawBufferPointer) {
    func starts(with magic: [UInt8]) -> Bool { bytes.starts(with: magic) }
    if starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if starts(with: NPYHeader.magic) {
      self = .npy
    } else if starts(with: [0x50, 0x4B, 3, 4]) || starts(with: [0x50, 0x4B, 5, 6]) {
      self = .zip
    } else if starts(with: [0x1F, 0x8B]) {
      self = .gzip
    } else if starts(with: [0, 0, 8]), let rank = bytes.at(3), (1...4).contains(rank) {
      self = .idx
    } else if TarHeader(bytes) != nil {
      self = .tar
    } else {
      self = .unknown
    }
  }
}
