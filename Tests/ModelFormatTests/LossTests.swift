import Foundation
import TestSupport
import Testing

@testable import ModelFormat

/// Files that change once they were verified: numbers may be wrong, addresses never.
@Suite struct LossTests {
  init() { MappedFile.guardAgainstLoss() }

  /// Expanding writes within the tensor whatever the positions have become.
  @Test(arguments: Encoding.allCases)
  func positionsThatChangeWriteNowhereElse(_ encoding: Encoding) throws {
    var random = SeededGenerator(seed: 11)
    for shape in [[3, 12], [40, 7], [5, 6, 3, 3], [64]] as [Shape] {
      for density in [5, 60] {
        let plain = EncodingTests.tensor(shape, density: density)
        let tensor =
          encoding == .panels
          ? plain.inPanels(PanelOrder(groups: 1, sideBySide: 1, quantum: 4)) ?? plain
          : plain.encoded(as: encoding)
        for round in 0..<50 {
          var positions = tensor.positions.array
          for index in positions.indices {
            positions[index] =
              round == 0 ? 0 : round == 1 ? 255 : .random(in: 0...255, using: &random)
          }
          let changed = Tensor(
            type: .int8, shape: shape, quantization: nil, encoding: tensor.encoding,
            nonzeroCount: tensor.nonzeroCount, positions: Bytes(positions), values: tensor.values,
            panelOrder: tensor.panelOrder)
          #expect(changed.dense.count == shape.count)
          _ = changed.encoding.codec.violation(changed)
        }
      }
    }
  }

  @Test func filesThatAreCutAreNotRead() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/net.pare"
      let noise = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
      let graph = HostileGraphs.constant(
        Tensor(type: .uint8, shape: [40_000], bytes: Bytes(noise)), type: .uint8)
      try Data(ModelWriter(Model(graph: graph)).bytes()).write(to: URL(filePath: path))
      let mapped = MappedFile.Shared(try MappedFile(path: path))
      let file = try ModelReader.read(Bytes(mapped))
      #expect(!mapped.isLost)
      let losses = MappedFile.losses
      #expect(truncate(path, 4096) == 0)
      // What is gone reads as zeros, and it is known that it is.
      let constant = try #require(file.model.graph.values[1].constant)
      #expect(constant.dense.array.suffix(30_000).allSatisfy { $0 == 0 })
      #expect(mapped.isLost && MappedFile.losses == losses + 1)
      #expect(throws: ModelError(.fileSize, at: 16, "", "it was cut while it was read")) {
        try ModelReader.read(Bytes(mapped))
      }
      // A file that is mapped anew is another one.
      #expect(!MappedFile.Shared(try MappedFile(path: path)).isLost)
    }
  }

  @Test func outlinesReadNoData() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/net.pare"
      var bytes = ModelWriter(Model(graph: HostileGraphs.worked(), release: 7)).bytes()
      // A damaged tensor, which its digest would tell.
      bytes[bytes.count - 12] ^= 1
      try Data(bytes).write(to: URL(filePath: path))
      #expect(throws: OpenError.self) { try ModelReader.open(path: path) }
      let outline = try ModelReader.outline(path: path)
      #expect(outline.byteCount == 1002 && outline.version == (1, 0) && outline.release == 7)
      #expect(outline.counts == (3, 1))
      #expect(outline.tensors.map(\.place.name) == ["c"])
      #expect(outline.tensors[0].encoding == .nibbleGap && outline.tensors[0].shape == [3, 12])
      #expect(outline.tensors[0].nonzeroCount == 4)
      let whole = try ModelReader.read(
        Bytes(ModelWriter(Model(graph: HostileGraphs.worked())).bytes()))
      #expect(outline.regions == whole.regions)
      #expect(outline.tensors.map(\.place) == whole.tensorPlaces)
    }
  }

  /// What a directory can tell, it tells with the same error as all of the file.
  @Test func outlinesRefuseWhatTheDirectoryTells() throws {
    let late: Set<ModelError.Rule> = [
      .tensorDigest, .scale, .zeroPoint, .sparseZeroPoint, .encodingStream, .valueRecord,
      .valueName,
      .tensorReference, .constantExpansion, .graphLength, .operandIndex, .definedTwice,
      .usedBeforeDefined, .attribute, .graphOutput, .openShape, .body,
    ]
    for file in RefusedFile.all where !late.contains(file.rule) {
      // The rest of the record is about what lies in the data, or is of values and nodes.
      let path = RefusedFileTests.folder.appending(path: file.fileName).path
      do throws(OpenError) {
        _ = try ModelReader.outline(path: path)
        #expect(
          [.padding, .tensorRecord, .elementType, .rank, .elementCount, .entryCount]
            .contains(file.rule), "\(file.fileName)")
      } catch {
        guard case .model(_, let error) = error else {
          Issue.record("\(error)")
          continue
        }
        #expect(
          error.rule == file.rule && error.offset == file.offset, "\(file.fileName): \(error)")
      }
    }
  }
}
