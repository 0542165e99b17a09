import Datasets
import Testing

@Suite struct OpeningErrorTests {
  /// What opening `path` reports.
  private func message(_ path: String) throws -> String {
    try Fixture.error { _ = try Dataset(path: path) }.description
  }

  @Test func namesWhatIsMissing() throws {
    #expect(try message("/no/such") == "/no/such: no such file or folder")
    let folder = try TemporaryFolder()
    let start = "\(folder.path): no images, .npy or .npz files in this folder; "
    #expect(try message(folder.path).hasPrefix(start))
    try folder.write([1], to: "readme.txt")
    try folder.write([1], to: "empty/readme.txt")
    #expect(try message(folder.path).hasPrefix(start))
  }

  @Test func namesUnknownKinds() throws {
    let folder = try TemporaryFolder()
    try folder.write(Array("hello".utf8), to: "x.jpg")
    #expect(
      try message(folder.path + "/x.jpg") == "\(folder.path)/x.jpg: is none of JPEG, PNG, .npy, "
        + ".npz, WebDataset .tar and IDX; it begins with 68 65 6c 6c")
  }

  @Test func asksForOneOfSeveral() throws {
    let folder = try TemporaryFolder()
    try folder.add("packed-images-idx3-ubyte.gz", as: "t-images-idx3-ubyte.gz")
    try folder.add("packed-labels-idx1-ubyte.gz", as: "t-labels-idx1-ubyte.gz")
    #expect(try Dataset(path: folder.path).sample(at: 2).label == 9)
    try folder.add("plain-images-idx3-ubyte", as: "x-images-idx3-ubyte")
    #expect(
      try message(folder.path) == "\(folder.path): holds several data sets; name one of them: "
        + "t-images-idx3-ubyte.gz, x-images-idx3-ubyte")
  }

  @Test func refusesMixedFolders() throws {
    let folder = try TemporaryFolder()
    try folder.add("gray.png", as: "a.png")
    try folder.add("gray.png", as: "cat/a.png")
    #expect(try message(folder.path).hasPrefix("\(folder.path): holds images or arrays beside"))
  }

  @Test(arguments: ["a.jpg", "a.jpg\t", "a.jpg\tx", "a.jpg\t-1", "\t1", "a\t99999999999999999999"])
  func namesTheLineOfABadLabel(line: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Array("ok.jpg\t1\n\(line)\n".utf8), to: "labels.tsv")
    #expect(
      try message(folder.path) == "\(folder.path)/labels.tsv, line 2: should be a file name, "
        + "a tab and a class index (0, 1, ...)")
  }

  @Test func comparesLabelsWithImages() throws {
    let folder = try TemporaryFolder()
    try folder.add("plain-images-idx3-ubyte", as: "x-images-idx3-ubyte")
    try folder.write([0, 0, 8, 1, 0, 0, 0, 2, 5, 6], to: "x-labels-idx1-ubyte")
    #expect(
      try message(folder.path)
        == "\(folder.path)/x-labels-idx1-ubyte: has 2 labels for 5 images in "
        + "\(folder.path)/x-images-idx3-ubyte")
  }

  @Test func pointsFromLabelsToImages() throws {
    let path = Fixture.path("plain-labels-idx1-ubyte")
    #expect(
      try message(path) == "\(path): an IDX file of 1 dimensions as images cannot be read; "
        + "name the images-idx3 file; labels are found beside it")
  }

  @Test func refusesTarsWithoutSamples() throws {
    let folder = try TemporaryFolder()
    let tar = try Fixture.bytes("ustar.tar")
    let header = try #require(
      stride(from: 0, to: tar.count, by: 512).first {
        tar[$0...].starts(with: Array("a/00003.json".utf8))
      })
    try folder.write([UInt8](tar[header...]), to: "x.tar")
    #expect(try message(folder.path + "/x.tar").contains("a tar without images and arrays"))
  }
}
