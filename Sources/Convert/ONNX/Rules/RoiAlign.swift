import ModelFormat

extension ImportRule {
  /// RoiAlign 10 has no shift by half a pixel, which is the default since opset 16.
  static let roiAlign = ImportRule { draft, builder throws(ImportProblem) in
    if builder.opset < 16 {
      draft.attributes["coordinate_transformation_mode"] = .string("output_half_pixel")
    }
  }
}
