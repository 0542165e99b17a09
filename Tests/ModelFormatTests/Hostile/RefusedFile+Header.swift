@testable import ModelFormat

extension RefusedFile {
  /// Header and section table.
  static let header: [RefusedFile] = [
    .init(.headerLength, "one-byte") {
      $0.damage = { $0 = [V1.magic[0]] }
      return 1
    },
    .init(.headerLength, "cut") {
      $0.damage = { $0.removeLast($0.count - 127) }
      return 127
    },
    .init(.magic, "flatbuffer-root") {
      // Eight bytes whose first four are an offset far behind the end: a root that nobody verified.
      $0.damage = { $0 = [0x18, 0, 0, 0] + Array("TFL3".utf8) }
      return 0
    },
    .init(.magic, "seven-bits") {
      $0.damage = { $0[0] &= 0x7F }
      return 0
    },
    .init(.magic, "text-mode") {
      $0.damage = { $0.remove(at: 5) }
      return 0
    },
    .init(.magic, "onnx") {
      $0.damage = {
        $0.replaceSubrange(0..<8, with: [0x08, 0x07, 0x12, 0x04, 0x70, 0x61, 0x72, 0x65])
      }
      return 0
    },
    .init(.headerChecksum, "flipped-bit") {
      $0.damage = { $0[64] ^= 1 }
      return 124
    },
    .init(.byteOrder, "big-endian") {
      $0.header.store(UInt32(0x0403_0201), at: 8)
      return 8
    },
    .init(.majorVersion, "two") {
      $0.header.store(UInt16(2), at: 12)
      return 12
    },
    .init(.majorVersion, "zero") {
      $0.header.store(UInt16(0), at: 12)
      return 12
    },
    .init(.incompatibleFeature, "next-bit") {
      $0.header.store(UInt64(2), at: 24)
      return 24
    },
    .init(.incompatibleFeature, "last-bit") {
      $0.header.store(UInt64(1) << 63, at: 24)
      return 24
    },
    // Where other formats let a file state its own alignment.
    .init(.headerReserved, "alignment") {
      $0.header.store(UInt32(1) << 30, at: 104)
      return 107
    },
    .init(.headerReserved, "last-byte") {
      $0.header[123] = 1
      return 123
    },
    .init(.fileSize, "cut") {
      $0.damage = { $0.removeLast() }
      return 16
    },
    .init(.fileSize, "grown") {
      $0.damage = { $0.append(0) }
      return 16
    },
    .init(.fileSize, "negative") {
      $0.last = { $0.store(UInt64.max, at: 16) }
      return 16
    },
    .init(.sectionCount, "five") {
      $0.last = { $0.store(UInt32(5), at: 40) }
      return 40
    },
    .init(.sectionCount, "too-many") {
      $0.last = { $0.store(UInt32(65), at: 40) }
      return 40
    },
    .init(.sectionCount, "behind-end") {
      $0.last = { $0.store(UInt32(64), at: 40) }
      return 40
    },
    .init(.sectionCount, "four-billion") {
      $0.last = { $0.store(UInt32.max, at: 40) }
      return 40
    },
  ]

  private static func tableField<T: FixedWidthInteger>(
    _ draft: inout FileDraft, _ section: V1.Section, _ field: Int, _ value: T
  ) {
    let at = draft.entry(section) - V1.headerSize + field
    draft.table = { $0.store(value, at: at) }
  }

  /// The worked example with a signature by nobody, which is spoilt.
  private static func signed(
    _ rule: ModelError.Rule, _ what: String, _ subject: String = "",
    kind: UInt32 = V1.Signature.kind, _ edit: (inout FileDraft) -> Int
  ) -> RefusedFile {
    .init(rule, what, subject) {
      let bytes = [1] + [UInt8](repeating: 0, count: V1.Signature.size - 1)
      $0.parts.insert(.init(kind: kind, bytes: bytes), at: 0)
      return edit(&$0)
    }
  }

  /// Sections and their places.
  static let sections: [RefusedFile] = [
    .init(.sectionTableDigest, "flipped-bit") {
      $0.damage = { $0[128 + 24] ^= 1 }
      return 128
    },
    .init(.sectionTableReserved, "flags", "values") {
      $0.parts[1].flags = 1
      return $0.entry(.values)
    },
    .init(.sectionTableReserved, "reserved", "graph") {
      $0.parts[3].reserved = 1 << 63
      return $0.entry(.graph)
    },
    .init(.sectionTableReserved, "digest-of-data", "data") {
      tableField(&$0, .data, 24, UInt8(1))
      return $0.entry(.data) + 24
    },
    .init(.sectionMissing, "metadata") {
      $0.parts[4].kind = 77
      return 128
    },
    .init(.sectionUnknown, "critical", "section 99") {
      $0.parts.insert(.init(kind: 99 | V1.Section.criticalBit, bytes: [1, 2, 3]), at: 5)
      return $0.entry(5)
    },
    .init(.sectionUnknown, "names-not-critical", "section 1") {
      $0.parts[0].kind = 1
      return $0.entry(0)
    },
    .init(.sectionUnknown, "metadata-critical", "section 5") {
      $0.parts[4].kind |= V1.Section.criticalBit
      return $0.entry(4)
    },
    .init(.sectionOrder, "swapped", "names") {
      $0.parts.swapAt(0, 1)
      return $0.entry(1)
    },
    .init(.sectionOrder, "twice", "names") {
      $0.parts.insert($0.parts[0], at: 1)
      return $0.entry(1)
    },
    .init(.sectionOrder, "data-not-last", "data") {
      $0.parts.append(.init(kind: 77, bytes: []))
      return $0.entry(5)
    },
    signed(.sectionUnknown, "signature-critical", "signature", kind: V1.Signature.kind | 1 << 31) {
      $0.entry(0)
    },
    signed(.sectionOrder, "signature-not-first", "signature") {
      $0.parts.swapAt(0, 1)
      return $0.entry(1)
    },
    signed(.sectionOrder, "signature-twice", "signature") {
      $0.parts.insert($0.parts[0], at: 0)
      return $0.entry(1)
    },
    signed(.sectionTableReserved, "digest-of-signature", "signature") {
      $0.table = { $0[24] = 1 }
      return $0.entry(0) + 24
    },
    signed(.signature, "cut") {
      $0.parts[0].bytes.removeLast()
      return $0.entry($0.parts.count)
    },
    signed(.signature, "of-another-kind") {
      $0.parts[0].bytes[0] = 2
      return $0.entry($0.parts.count)
    },
    signed(.signature, "reserved") {
      $0.parts[0].bytes[7] = 1
      return $0.entry($0.parts.count)
    },
    .init(.sectionPlace, "sum-wraps", "data") {
      let entry = $0.entry(.data) - V1.headerSize
      $0.table = {
        $0.store(UInt64.max - 63, at: entry + 8)
        $0.store(UInt64(128), at: entry + 16)
      }
      return $0.entry(.data) + 8
    },
    .init(.sectionPlace, "size-wraps", "data") {
      let start = $0.start(.data)
      tableField(&$0, .data, 16, UInt64.max - UInt64(start) + 2)
      return $0.entry(.data) + 8
    },
    .init(.sectionPlace, "behind-end", "data") {
      let size = $0[.data].count
      tableField(&$0, .data, 16, UInt64(size + 1))
      return $0.entry(.data) + 8
    },
    .init(.sectionPlace, "unaligned", "values") {
      let start = $0.start(.values)
      tableField(&$0, .values, 8, UInt64(start + 4))
      return $0.entry(.values) + 8
    },
    .init(.sectionPlace, "overlap", "values") {
      let start = $0.start(.names)
      tableField(&$0, .values, 8, UInt64(start))
      return $0.entry(.values) + 8
    },
    .init(.sectionPlace, "hole", "values") {
      let start = $0.start(.values)
      tableField(&$0, .values, 8, UInt64(start + 64))
      return $0.entry(.values) + 8
    },
    // A ZIP archive begins at its end, so that one file could be two.
    .init(.sectionPlace, "archive-behind", "end of file") {
      $0.behind = [0x50, 0x4B, 0x05, 0x06] + [UInt8](repeating: 0, count: 18)
      return $0.end
    },
    .init(.sectionDigest, "names", "names") {
      let at = $0.start(.names) + $0[.names].count - 1
      $0.damage = { $0[at] ^= 1 }
      return $0.start(.names)
    },
    .init(.sectionDigest, "ancillary", "section 77") {
      $0.parts.insert(.init(kind: 77, bytes: [1, 2, 3]), at: 5)
      let at = $0.start(.graph) / 64 * 64 + 64
      $0.damage = { $0[at] ^= 1 }
      return at
    },
    .init(.padding, "between-sections") {
      let at = $0.start(.values) - 1
      $0.damage = { $0[at] = 0x50 }
      return at
    },
    .init(.padding, "between-tensors", of: FileDraft(HostileGraphs.twoTensors())) {
      let at = $0.start(.data) + 63
      $0.damage = { $0[at] = 0x50 }
      return at
    },
    .init(.padding, "between-streams") {
      $0[.data][3] = 1
      return $0.start(.data) + 3
    },
    .init(.padding, "before-scales") {
      $0[.data][31] = 1
      return $0.start(.data) + 31
    },
  ]

  /// Counts that would be memory.
  static let counts: [RefusedFile] =
    [("values", 44), ("tensors", 48), ("nodes", 52), ("inputs", 56), ("outputs", 60)].map {
      name, at in
      .init(.entryCount, "four-billion-\(name)") {
        $0.header.store(UInt32.max, at: at)
        return at
      }
    } + [
      .init(.entryCount, "one-value-more", "values") {
        $0.header.store(UInt32(4), at: 44)
        return $0.start(.values)
      },
      .init(.entryCount, "one-tensor-less", "tensors") {
        $0.header.store(UInt32(0), at: 48)
        return $0.start(.tensors)
      },
      .init(.entryCount, "million-values", "values") {
        $0.header.store(UInt32(1 << 20), at: 44)
        return $0.start(.values)
      },
      .init(.entryCount, "four-billion-names", "names") {
        $0[.names].store(UInt32.max, at: 0)
        return $0.start(.names)
      },
      .init(.entryCount, "too-many-operands", "node 'add'") {
        $0[.graph].store(UInt32(65_537), at: 20)
        return $0.start(.graph) + 32
      },
      .init(.entryCount, "operands-behind-end", "node 'add'") {
        $0[.graph].store(UInt32(65_536), at: 24)
        return $0.start(.graph) + 32
      },
      .init(.entryCount, "four-billion-attributes", "node 'add'") {
        $0[.graph].store(UInt32.max, at: 28)
        return $0.start(.graph) + 32
      },
      .init(
        .entryCount, "four-billion-bodies", "node 'if'", of: FileDraft(HostileGraphs.branches())
      ) {
        // Name, input, output; operator, name, three counts, input, output: then the number of bodies.
        $0[.graph].store(UInt32.max, at: 40)
        return $0.start(.graph) + 40
      },
      .init(
        .entryCount, "four-billion-values-of-a-body", "node 'if'",
        of: FileDraft(HostileGraphs.branches())
      ) {
        $0[.graph].store(UInt32.max, at: 48)
        return $0.start(.graph) + 44
      },
      .init(
        .entryCount, "million-nodes-of-a-body", "node 'if'", of: FileDraft(HostileGraphs.branches())
      ) {
        $0[.graph].store(UInt32(1 << 20), at: 60)
        return $0.start(.graph) + 44
      },
    ]
}
