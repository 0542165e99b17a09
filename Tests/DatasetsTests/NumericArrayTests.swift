import Datasets
import ModelFormat
import Testing

@Suite struct NumericArrayTests {
  @Test func readsEveryTypeThatNumpyWrites() throws {
    let types: [(String, ElementType)] = [
      ("f4", .float32), ("f8", .float64), ("f2", .float16), ("u1", .uint8), ("i1", .int8),
      ("u2", .uint16), ("i2", .int16), ("i4", .int32), ("i8", .int64), ("u4", .uint32),
      ("u8", .uint64), ("b1", .bool),
    ]
    for (name, type) in types {
      let array = try NumericArray(npyAt: Fixture.path("array-\(name).npy"))
      #expect(array.type == type)
      #expect(array.shape == [2, 3, 4])
      #expect(array.bytes.count == 24 * type.size)
    }
    #expect(
      try NumericArray(npyAt: Fixture.path("array-f4.npy")).floats == (-12..<12).map(Float.init))
  }

  @Test(arguments: ["version-2.npy", "version-3.npy"])
  func readsLaterVersions(name: String) throws {
    #expect(try NumericArray(npyAt: Fixture.path(name)).floats == (0..<24).map(Float.init))
  }

  @Test func readsScalarsVectorsAndEmptyArrays() throws {
    let scalar = try NumericArray(npyAt: Fixture.path("scalar.npy"))
    #expect(scalar.shape == [] && scalar.floats == [1.5])
    #expect(try NumericArray(npyAt: Fixture.path("vector.npy")).shape == [5])
    #expect(try NumericArray(npyAt: Fixture.path("empty.npy")).shape == [0, 4])
  }

  @Test(arguments: [
    (
      "fortran.npy",
      "an array in Fortran order cannot be read; save it after numpy.ascontiguousarray"
    ),
    ("big-endian.npy", "big-endian dtype '>f4' cannot be read; convert it by astype('<f4')"),
    ("complex.npy", "dtype '<c8' cannot be read; convert it, for example to float32"),
    ("records.npy", "an array of records cannot be read; save its fields one by one"),
  ])
  func refusesOtherArraysByName(name: String, message: String) throws {
    let path = Fixture.path(name)
    let error = try Fixture.error { _ = try NumericArray(npyAt: path) }
    #expect(error.description == "\(path): \(message)")
  }

  @Test(arguments: ["stored.npz", "deflated.npz"])
  func readsArchivesByName(name: String) throws {
    let arrays = try NumericArray.arrays(npzAt: Fixture.path(name))
    #expect(arrays.keys.sorted() == ["ids", "mask"])
    #expect(arrays["ids"]?.type == .int64)
    #expect(arrays["mask"]?.floats == (0..<24).map { Float($0 % 2) })
  }

  @Test func writesTheBytesThatNumpyWrites() throws {
    let folder = try TemporaryFolder()
    for name in ["array-f4", "array-u1", "array-b1", "array-i8", "scalar", "vector", "empty"] {
      let array = try NumericArray(npyAt: Fixture.path(name + ".npy"))
      let path = folder.path + "/out.npy"
      try array.writeNPY(to: path)
      #expect(try NumericArray(npyAt: path) == array)
      #expect(array.npy == (try Fixture.bytes(name + ".npy")), "\(name)")
    }
  }

  @Test func widensBfloat16WhichNumpyLacks() throws {
    let array = try NumericArray(type: .bfloat16, shape: [2], bytes: [0x80, 0x3F, 0x20, 0xC0])
    let read = try array.npy.withUnsafeBytes { try NumericArray(npy: $0, name: "x") }
    #expect(read.type == .float32 && read.floats == [1, -2.5])
  }

  @Test func reportsWhatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    let array = try NumericArray(type: .uint8, shape: [1], bytes: [1])
    let path = folder.path + "/missing/out.npy"
    let error = try Fixture.error { try array.writeNPY(to: path) }
    guard case .file(.cannotWrite(path, _)) = error else {
      Issue.record("\(error)")
      return
    }
  }

  @Test func refusesBytesThatDoNotFitTheShape() {
    for shape: Shape in [[2], [-1], [.max, .max], [3, .max]] {
      #expect(throws: DatasetError.self, "\(shape)") {
        try NumericArray(type: .float64, shape: shape, bytes: [1, 2, 3])
      }
    }
  }

  @Test(arguments: [
    "(99999999999999999999,)", "(9223372036854775807, 2)", "(1099511627776,)", "(3", "(-1,)", "7",
    "()}", "(((((((", "('a',)",
  ])
  func refusesHostileShapes(shape: String) throws {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }\n"
    let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8)
    #expect(throws: DatasetError.self) {
      try bytes.withUnsafeBytes { try NumericArray(npy: $0, name: "hostile.npy") }
    }
  }
}
