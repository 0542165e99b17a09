import ModelFormat

extension Graph {
  /// The value that holds the logits of classes: what the softmax at the end reads, or the first output where
  /// there is none.
  ///
  /// Between the two may lie what moves no number.
  var classLogits: ValueID? {
    guard let output = outputs.first else { return nil }
    var producers: [ValueID: Node] = [:]
    for node in nodes { for case let id? in node.outputs { producers[id] = node } }
    let moves = ["Identity", "Squeeze", "Unsqueeze", "Reshape", "Flatten"]
    var id = output
    while let node = producers[id], let input = node.inputs.first ?? nil {
      if node.op == "Softmax" || node.op == "LogSoftmax" { return input }
      guard moves.contains(node.op) else { break }
      id = input
    }
    return output
  }
}
