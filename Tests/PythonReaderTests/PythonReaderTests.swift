import Foundation
import Metadata
import ModelFormat
import TestSupport
import Testing

/// The reader in Python, written from docs/Format.md alone, and the one in Swift say the same.
@Suite(
  .enabled(
    if: Python.interpreter != nil,
    "no python3 with numpy: install Debian's package python3-numpy (make check-tools does)"))
struct PythonReaderTests {
  @Test(arguments: Python.golden)
  func bothReadersFindTheSame(_ path: String) throws {
    let expected = try FileDescription(try ModelReader.open(path: path)).lines
    let found = try Python.describe([path])
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) where found != expected {
      Issue.record("\(path)\npython \(found)\nswift  \(expected)")
    }
  }

  @Test func thereAreGoldenFiles() throws {
    // Each encoding is in one of them, and each is valid.
    var encodings: Set<String> = []
    for path in Python.golden {
      for value in try ModelReader.open(path: path).model.graph.values {
        if let tensor = value.constant { encodings.insert(tensor.encoding.name) }
      }
    }
    #expect(encodings.count == Encoding.allCases.count)
  }

  /// The rule that a file breaks and where, or that it breaks none.
  private static func verdict(_ path: String) throws -> String {
    let bytes = Bytes([UInt8](try Data(contentsOf: URL(filePath: path))))
    do {
      _ = try Metadata(encoded: try ModelReader.read(bytes).model.metadata)
      return "valid"
    } catch let error as ModelError {
      return "\(error.rule.rawValue) \(error.offset)"
    } catch is MetadataError {
      return "metadata"
    }
  }

  @Test func bothReadersNameTheSameRule() throws {
    try withTemporaryFolder { folder in
      var rules: Set<Substring> = []
      for (number, python) in try Python.describe(["--rules", folder]).enumerated() {
        #expect(try Self.verdict("\(folder)/\(number).pare") == python, "file \(number)")
        rules.insert(python.prefix { $0 != " " })
      }
      // A file for each of them.
      #expect(rules == Set(ModelError.Rule.allCases.map { $0.rawValue[...] }).union(["metadata"]))
    }
  }

  @Test(arguments: 1...3)
  func bothReadersRefuseTheSame(_ seed: Int) throws {
    try withTemporaryFolder { folder in
      let count = 400
      let verdicts = try Python.describe(
        ["--damage", "\(seed)", "\(count)", folder] + Python.golden)
      #expect(verdicts.count == count)
      var refused = 0
      for (number, python) in verdicts.enumerated() {
        let swift = try Self.verdict("\(folder)/\(number).pare")
        #expect(python == swift, "file \(number) of seed \(seed)")
        refused += swift == "valid" ? 0 : 1
      }
      // Neither everything nor nothing.
      #expect(refused > count / 2 && refused < count)
    }
  }

  @Test func theTestsInPythonPass() throws {
    let (code, _, errors) = try Python.run(arguments: "-m", "unittest", "discover", "-s", ".")
    #expect(code == 0, "\(errors)")
    #expect(errors.contains("OK"))
  }

  @Test func theModuleListsAndExports() throws {
    let path = try #require(Python.golden.first { $0.hasSuffix("/digits.pare") })
    try withTemporaryFolder { folder in
      let script = """
        import sys; sys.path.insert(0, ".."); sys.argv[0] = "pare_reader"
        import runpy; runpy.run_module("pare_reader", run_name="__main__")
        """
      let (code, output, errors) = try Python.run(
        arguments: "-c", script, path, "--npz", "\(folder)/a.npz")
      #expect(code == 0, "\(errors)")
      let file = try ModelReader.open(path: path)
      for place in file.tensorPlaces { #expect(output.contains(place.name)) }
      let count = try Python.run(
        arguments: "-c", "import sys, numpy; print(len(numpy.load(sys.argv[1]).files))",
        "\(folder)/a.npz")
      #expect(count.output == "\(file.tensorPlaces.count)\n")
    }
  }
}
