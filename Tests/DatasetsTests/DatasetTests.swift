import Datasets
import ModelFormat
import Testing

@Suite struct DatasetTests {
  @Test func followsTheOrderOfLabelTables() throws {
    let folder = try TemporaryFolder()
    try folder.add("gray.jpg", as: "b.jpg")
    try folder.add("color.png", as: "a.png")
    try folder.write(Array("b.jpg\t7\r\na.png\t3\n\nmissing.jpg\t1\n".utf8), to: "labels.tsv")
    let dataset = try Dataset(path: folder.path)
    #expect(dataset.count == 3)
    #expect(try dataset.sample(at: 0).label == 7)
    #expect(try dataset.sample(at: 1).name == "a.png")
    #expect(try dataset.sample(at: 1).content == .image(Fixture.image("color.png")))
    #expect(throws: DatasetError.self) { try dataset.sample(at: 2) }
  }

  @Test func labelsByTheRankOfFolders() throws {
    let folder = try TemporaryFolder()
    for name in ["dog/1.png", "cat/2.png", "cat/.hidden.png", "Zebra/0.png", "cat/notes.txt"] {
      try folder.add("gray.png", as: name)
    }
    let dataset = try Dataset(path: folder.path + "/")
    #expect(dataset.classNames == ["Zebra", "cat", "dog"])
    let samples = try (0..<dataset.count).map { try dataset.sample(at: $0) }
    #expect(samples.map(\.name) == ["Zebra/0.png", "cat/2.png", "dog/1.png"])
    #expect(samples.map(\.label) == [0, 1, 2])
  }

  @Test func sortsPlainFolders() throws {
    let folder = try TemporaryFolder()
    try folder.add("gray.png", as: "2.PNG")
    try folder.add("stored.npz", as: "10.npz")
    try folder.add("vector.npy", as: "1.npy")
    let dataset = try Dataset(path: folder.path)
    #expect(try (0..<3).map { try dataset.name(at: $0) } == ["1.npy", "10.npz", "2.PNG"])
    #expect(try dataset.sample(at: 0).label == nil)
    guard case .tensors(let arrays) = try dataset.sample(at: 1).content else {
      Issue.record("no tensors")
      return
    }
    #expect(arrays.count == 2)
  }

  @Test(arguments: ["ustar", "gnu", "pax"])
  func readsTarsOfEveryDialect(dialect: String) throws {
    let dataset = try Dataset(path: Fixture.path(dialect + ".tar"))
    #expect(dataset.count == 3)
    for (index, name) in ["color-420.jpg", "gray.jpg", "palette.png"].enumerated() {
      let sample = try dataset.sample(at: index)
      let folder =
        dialect == "ustar" ? "a/" : String(repeating: "a-folder-with-a-long-name/", count: 5)
      #expect(sample.name == "\(folder)0000\(index).\(name.suffix(3))")
      #expect(sample.label == index * 3)
      #expect(sample.content == .image(try Fixture.image(name)))
    }
  }

  @Test(arguments: ["plain-images-idx3-ubyte", "packed-images-idx3-ubyte.gz"])
  func readsIndexedImagesAndTheirLabels(name: String) throws {
    let dataset = try Dataset(path: Fixture.path(name))
    let expected = try NumericArray(npyAt: Fixture.path("idx.npy"))
    var pixels: [UInt8] = []
    var labels: [Int?] = []
    for index in dataset.indices(first: 9) {
      let sample = try dataset.sample(at: index)
      labels.append(sample.label)
      guard case .image(let image) = sample.content else { continue }
      #expect((image.width, image.height, image.channels) == (6, 7, 1))
      pixels += image.pixels
    }
    #expect(pixels == expected.bytes)
    #expect(labels == [4, 0, 9, 1, 7])
    #expect(try dataset.name(at: 2) == name + "[2]")
  }

  @Test func readsSingleFiles() throws {
    #expect(try Dataset(path: Fixture.path("gray.jpg")).sample(at: 0).name == "gray.jpg")
    let array = try NumericArray(npyAt: Fixture.path("array-f4.npy"))
    let whole = try Dataset(path: Fixture.path("array-f4.npy"))
    #expect(whole.count == 1)
    #expect(try whole.sample(at: 0).content == .array(array))
    #expect(try Dataset(path: Fixture.path("stored.npz")).count == 1)
  }

  @Test func splitsBatchesWhereAsked() throws {
    let dataset = try Dataset(path: Fixture.path("array-f4.npy"), splitBatch: true)
    #expect(dataset.count == 2)
    let sample = try dataset.sample(at: 1)
    #expect(sample.name == "array-f4.npy[1]")
    guard case .array(let item) = sample.content else {
      Issue.record("no array")
      return
    }
    #expect(item.shape == [1, 3, 4])
    #expect(item.floats == (0..<12).map(Float.init))
    #expect(try Dataset(path: Fixture.path("scalar.npy"), splitBatch: true).count == 1)
    #expect(try Dataset(path: Fixture.path("empty.npy"), splitBatch: true).count == 1)
  }

  @Test func skipsNothingSilently() throws {
    let folder = try TemporaryFolder()
    try folder.add("gray.png", as: "a.png")
    try folder.write(Array("no image".utf8), to: "b.jpg")
    try folder.write([], to: "c.jpg")
    try folder.add("gray.png", as: "d.png")
    let dataset = try Dataset(path: folder.path)
    var failures: [DatasetError] = []
    for index in 0..<dataset.count {
      do throws(DatasetError) { _ = try dataset.sample(at: index) } catch { failures.append(error) }
    }
    #expect(
      failures.map(\.description) == [
        "\(folder.path)/b.jpg: is none of JPEG, PNG, .npy, .npz, WebDataset .tar and IDX; "
          + "it begins with 6e 6f 20 69",
        "\(folder.path)/c.jpg: is empty (0 bytes)",
      ])
  }

  @Test func spreadsSamplesEvenly() throws {
    let dataset = try Dataset(path: Fixture.path("plain-images-idx3-ubyte"))
    #expect(dataset.indices(first: 2) == 0..<2)
    #expect(dataset.indices(first: -1).isEmpty)
    #expect(dataset.indices(spread: 2) == [0, 2])
    #expect(dataset.indices(spread: 4) == [0, 1, 2, 3])
    #expect(dataset.indices(spread: .max) == [0, 1, 2, 3, 4])
    #expect(dataset.indices(spread: 0) == [])
    #expect(throws: DatasetError.self) { try dataset.sample(at: 5) }
    #expect(throws: DatasetError.self) { try dataset.name(at: -1) }
  }
}
