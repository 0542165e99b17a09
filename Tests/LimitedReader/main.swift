import ModelFormat

// Opens a file as a device would, without Foundation, so that a test can give it little address space:
// first its directory alone, then all of it.
for path in CommandLine.arguments.dropFirst() {
  do throws(OpenError) {
    let outline = try ModelReader.outline(path: path)
    print("outline: \(outline.byteCount) bytes, \(outline.tensors.count) tensors")
  } catch { print("outline: \(error)") }
  do throws(OpenError) {
    let file = try ModelReader.open(path: path)
    print("open: \(file.model.graph.values.count) values")
  } catch { print("open: \(error)") }
}
