import Foundation
import ModelFormat

/// The visible entries of a folder, sorted by the bytes of their names as Python sorts them.
struct FolderListing {
  /// The names of all entries but folders.
  let files: [String]
  /// The names of the folders within.
  let folders: [String]

  /// The names of the files that may be samples.
  var samples: [String] { files.filter(SampleFile.isSample) }

  /// The names of IDX files with images, by the convention of their names.
  var indexedImages: [String] { files.filter { IDXNames.labels(for: $0) != nil } }

  /// The entries of the folder at `path`.
  ///
  /// - Throws: `DatasetError.file` where it cannot be listed.
  init(_ path: String) throws(DatasetError) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw .file(.cannotOpen(path: path, code: Self.code(of: error)))
    }
    let visible = names.filter { !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let isFolder = visible.map { Self.isFolder(path + "/" + $0) == true }
    files = zip(visible, isFolder).filter { !$0.1 }.map(\.0)
    folders = zip(visible, isFolder).filter(\.1).map(\.0)
  }

  /// Whether a folder is at `path`; nil where nothing is.
  static func isFolder(_ path: String) -> Bool? {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      return nil
    }
    return isDirectory.boolValue
  }

  private static func code(of error: any Error) -> Int32 {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    return (underlying?.code).flatMap(Int32.init(exactly:)) ?? EACCES
  }
}
