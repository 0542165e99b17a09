extension ModelError: CustomStringConvertible {
  /// One line: the offset, the subject, the rule in words, and what was found.
  public var description: String {
    let place = "offset \(offset): " + (subject.isEmpty ? "" : "\(subject): ")
    return place + rule.words + (detail.isEmpty ? "" : " (\(detail))")
  }
}

extension ModelError.Rule {
  /// What is wrong with a file that breaks the rule.
  public var words: String {
    switch self {
    case .headerLength: "the file ends within its header: it is cut short or no .pare file"
    case .magic: "not a .pare file: the first bytes are others"
    case .byteOrder: "the byte-order mark is wrong"
    case .headerChecksum: "the header's checksum is wrong: the file is damaged"
    case .majorVersion: "the format's version is not known to this reader; use a newer one"
    case .incompatibleFeature: "the file needs a feature that this reader lacks; use a newer one"
    case .headerReserved: "reserved bytes of the header are not zero"
    case .fileSize: "the file is not as long as its header says: it is cut short or grew"
    case .sectionCount: "the number of sections is impossible"
    case .sectionTableDigest: "the section table does not match its digest: the file is damaged"
    case .sectionTableReserved: "reserved bytes of a section entry are not zero"
    case .sectionMissing: "a section is missing"
    case .sectionUnknown: "a section that must be understood is not known; use a newer reader"
    case .sectionOrder: "sections are not in order"
    case .sectionPlace: "a section does not lie where the one before it ends"
    case .sectionDigest: "a section does not match its digest: the file is damaged"
    case .signature: "the signature section is malformed"
    case .padding: "padding is not zero"
    case .entryCount: "a count is larger than its section or its limit"
    case .nameTable: "the name table's offsets do not rise or do not fit"
    case .nameOrder: "names are not in strictly rising order"
    case .nameText: "a name is too long, no UTF-8, or holds control characters"
    case .valueRecord: "a value's record is malformed"
    case .valueName: "two values have one name"
    case .elementType: "the element type is not known"
    case .rank: "the rank is larger than 8, or an unused extent is not zero"
    case .elementCount: "the shape has too many elements"
    case .scale: "a scale is not a positive normal number"
    case .zeroPoint: "a zero point lies outside of its type"
    case .tensorRecord: "a tensor's record is malformed"
    case .tensorPlace: "a tensor does not lie where the one before it ends"
    case .tensorDigest: "the data does not match its digest: the file is damaged"
    case .tensorReference: "a constant and its value disagree, or a tensor belongs to no value"
    case .constantExpansion: "the constants are together much larger than the file justifies"
    case .encodingUnknown: "the encoding is not known to this reader; use a newer one"
    case .encodingStream: "the encoded streams break a rule"
    case .sparseZeroPoint: "a sparse tensor has a zero point that is not zero"
    case .graphLength: "the graph section is shorter or longer than its nodes"
    case .operandIndex: "an operand names no value"
    case .definedTwice: "a value is defined twice"
    case .usedBeforeDefined: "a node reads a value that is not defined before it"
    case .attribute: "an attribute is malformed"
    case .graphOutput: "a graph output is never computed"
    case .openShape:
      "a value without a shape is a graph input or a constant, or the file does not say that it has such"
    case .body: "the body of a node is malformed, or bodies lie too deep in each other"
    }
  }
}
