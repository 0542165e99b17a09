import ArgumentParser
import Convert
import Foundation

/// A way to compress, as it is typed.
struct MethodRecipe {
  /// What a method does with calibration samples.
  enum Samples {
    /// Nothing: it is for those who have none.
    case none
    /// It takes them where they are there.
    case welcome
    /// It is nothing without them.
    case needed
  }

  let name: String
  /// Options of `convert`.
  let arguments: String
  let samples: Samples

  /// The methods that `pare rank` tries; a line here is all that another one needs.
  static let standard = [
    MethodRecipe("f32", "", .none),
    MethodRecipe("fp16", "--quantize fp16", .none),
    MethodRecipe("int8-weights", "--quantize int8-weights", .none),
    MethodRecipe("int8-dynamic", "--quantize int8-dynamic", .none),
    MethodRecipe("int8", "--quantize int8", .needed),
    MethodRecipe("int4", "--quantize int4"),
    MethodRecipe("prune-0.5", "--prune 0.5"),
    MethodRecipe("prune-0.5+int8", "--prune 0.5 --quantize int8"),
    MethodRecipe("block-0.5+int8", "--prune block:0.5 --quantize int8"),
    MethodRecipe("block-0.75+int8", "--prune block:0.75 --quantize int8"),
  ]

  init(_ name: String, _ arguments: String, _ samples: Samples = .welcome) {
    self.name = name
    self.arguments = arguments
    self.samples = samples
  }

  /// A user's own method: `NAME=OPTIONS`.
  init?(argument: String) {
    guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
      return nil
    }
    self.init(
      String(argument[..<equals]), String(argument[argument.index(after: equals)...]), .welcome)
  }

  /// The method for `model`: `shared` options hold for every method, `sampling` for those that take
  /// samples, and the method's own win.
  func method(_ model: String, shared: [String], sampling: [String]) throws -> RankMethod {
    let own = arguments.split(separator: " ").map(String.init)
    let before = shared + (samples == .none ? [] : sampling)
    let command: ConvertCommand
    do { command = try ConvertCommand.parse([model] + before + own) } catch {
      let words = ConvertCommand.message(for: error).split(separator: "\n").first ?? ""
      throw Failure(
        outcome: .usage, message: "method '\(name)': \(words) (see pare convert --help)")
    }
    let output = RankMethod(name: name, options: .init(input: model), command: "").fileName
    let words = ["pare", "convert", model, "-o", output] + own + before + ["--no-verify"]
    return RankMethod(
      name: name, options: try command.options(),
      command: words.map(Self.quoted).joined(separator: " "))
  }

  /// `word` as a shell takes it.
  private static func quoted(_ word: String) -> String {
    let isPlain = word.allSatisfy { character in
      character.isASCII && (character.isLetter || character.isNumber)
        || "-_./:,=+%".contains(character)
    }
    return isPlain && !word.isEmpty
      ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
