import Foundation
import TestSupport
import Testing

@testable import ModelFormat

@Suite struct SpillStoreTests {
  static func tensor(_ count: Int) -> Tensor {
    Tensor((0..<count).map { Float($0) }, shape: [count])
  }

  @Test func largeTensorsLieInAFileWithoutAName() throws {
    try withTemporaryFolder { folder in
      let store = try #require(SpillStore(folder: folder))
      let count = SpillStore.smallest / 4
      let kept = SpillStore.with(store) { (0..<3).map { Self.tensor(count + $0) } }
      for (index, tensor) in kept.enumerated() {
        #expect(!tensor.values.isInMemory)
        #expect(tensor.floats() == Self.tensor(count + index).floats())
        #expect(tensor.nonzeroCount == count + index - 1)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func tensorsOutliveTheStore() throws {
    let tensor = try withTemporaryFolder { folder in
      SpillStore.with(SpillStore(folder: folder)) { Self.tensor(SpillStore.smallest) }
    }
    #expect(!tensor.values.isInMemory)
    #expect(tensor.floats().last == Float(SpillStore.smallest - 1))
  }

  @Test func smallTensorsAndThoseOutsideStayInMemory() throws {
    try withTemporaryFolder { folder in
      let store = SpillStore(folder: folder)
      #expect(SpillStore.with(store) { Self.tensor(100).values.isInMemory })
      #expect(Self.tensor(SpillStore.smallest).values.isInMemory)
      #expect(SpillStore.with(nil) { Self.tensor(SpillStore.smallest).values.isInMemory })
    }
  }

  @Test func aFolderThatIsNotThereGivesNoStore() {
    #expect(SpillStore(folder: "/nowhere/at/all") == nil)
  }
}
