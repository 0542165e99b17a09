/// The convention by which IDX files of images and labels are named.
enum IDXNames {
  /// The names that the labels of the images in `file` may have, the likeliest first; nil where
  /// `file` is not named as images are.
  static func labels(for file: String) -> [String]? {
    for dot in ["-", "."] {
      let parts = split(file, at: "images\(dot)idx3")
      guard let (before, after) = parts else { continue }
      let name = "\(before)labels\(dot)idx1\(after)"
      return [name, name.hasSuffix(".gz") ? String(name.dropLast(3)) : name + ".gz"]
    }
    return nil
  }

  /// What comes before and after the first `separator` in `text`.
  private static func split(_ text: String, at separator: String) -> (String, String)? {
    guard let range = text.firstRange(of: separator) else { return nil }
    return (String(text[..<range.lowerBound]), String(text[range.upperBound...]))
  }
}
