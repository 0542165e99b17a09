import ModelFormat

extension ImportRule {
  /// GridSample 16: `bilinear` and `bicubic` are called `linear` and `cubic` since opset 20.
  static let gridSample = ImportRule { draft, _ throws(ImportProblem) in
    switch try draft.string("mode") {
    case "bilinear": draft.attributes["mode"] = .string("linear")
    case "bicubic": draft.attributes["mode"] = .string("cubic")
    default: break
    }
  }
}
