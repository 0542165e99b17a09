import Foundation

extension NodeFilter {
  /// A filter that keeps out the nodes whose whole names match a regular expression.
  init(matching pattern: String?) throws(ConvertError) {
    guard let pattern else {
      self = .none
      return
    }
    guard let expression = try? NSRegularExpression(pattern: "^(?:\(pattern))$") else {
      throw .pattern(pattern)
    }
    self.init { name in
      expression.firstMatch(in: name, range: NSRange(name.startIndex..., in: name)) != nil
    }
  }
}
