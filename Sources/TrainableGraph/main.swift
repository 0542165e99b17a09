import Convert
import ModelFormat

// Writes the network of an ONNX file as it is before compression, for TrainBenchmark.
//
//     TrainableGraph MODEL.onnx OUTPUT.pare [--folded]

let words = Swift.CommandLine.arguments
guard words.count >= 3 else { fatalError("TrainableGraph MODEL.onnx OUTPUT.pare [--folded]") }
let graph = try Graph.forTraining(path: words[1], folds: words.contains("--folded"))
let writer = ModelWriter(Model(graph: graph))
try AtomicFile.write(to: words[2]) { sink throws(FileError) in try writer.write(to: sink) }
