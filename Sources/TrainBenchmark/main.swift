import Kernels
import ModelFormat
import Operators
import Train

// Times training steps of a network: forward, cross entropy, backward, SGD with momentum, on random
// images and labels. Benchmarks/training/compare.py runs it beside PyTorch.
//
//     TrainBenchmark MODEL.pare BATCH STEPS THREADS [--profile] [--layers] [--losses]

func fail(_ message: String) -> Never {
  print(message)
  fatalError(message)
}

let words = Swift.CommandLine.arguments.dropFirst().filter { !$0.hasPrefix("--") }
let flags = Set(Swift.CommandLine.arguments.filter { $0.hasPrefix("--") })
guard words.count == 4, let path = words.first, let batch = Int(words[1]),
  let steps = Int(words[2]), let threads = Int(words[3])
else {
  fail("TrainBenchmark MODEL.pare BATCH STEPS THREADS [--profile] [--layers] [--losses]")
}

let file = Bytes(MappedFile.Shared(try MappedFile(path: path)))
let graph = try ModelReader.read(file).model.graph
var parameters: [ValueID] = []
for node in graph.nodes {
  let positions: [Int]
  switch node.op {
  case "Conv", "Gemm", "BatchNormalization": positions = [1, 2]
  default: positions = []
  }
  for position in positions where position < node.inputs.count {
    if let id = node.inputs[position], graph[id].constant != nil, !parameters.contains(id) {
      parameters.append(id)
    }
  }
}
let network = try TrainingNetwork(graph, batch: batch, parameters: parameters, threads: threads)
let (input, output) = (graph.inputs[0], graph.outputs[0])
let classes = try network.facts(of: output).count / batch
var state: UInt64 = 1
@MainActor func random() -> UInt64 {
  state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
  return state >> 33
}
let images = try network.activation(graph.inputs[0])
for i in images.indices { images[i] = Float(random() % 2001) / 500 - 2 }
let labels = (0..<batch).map { _ in Int(random()) % classes }
let momentum = UnsafeMutableBufferPointer<Float>.allocate(capacity: network.values.count)
momentum.initialize(repeating: 0)
let rate: Float = 1e-3

/// Cross entropy of the outputs and the labels; leaves its gradient.
@MainActor func loss() throws -> Double {
  let scores = try network.activation(output)
  guard let gradient = try network.gradient(of: output) else { fail("nothing is trained") }
  var total = 0.0
  for image in 0..<batch {
    let row = (image * classes)..<((image + 1) * classes)
    let most = scores[row].max() ?? 0
    var powers = scores[row].map { exponential($0 - most) }
    let sum = powers.reduce(0, +)
    for k in 0..<classes { powers[k] /= sum }
    total -= logarithm(Double(powers[labels[image]]))
    powers[labels[image]] -= 1
    for k in 0..<classes { gradient[image * classes + k] = powers[k] / Float(batch) }
  }
  return total / Double(batch)
}

var times: [Double] = []
var profile: [String: (seconds: Double, calls: Int)] = [:]
let clock = ContinuousClock()
func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
for step in 0...steps {
  let start = clock.now
  var last = start
  func note(_ index: Int, _ isBackward: Bool) {
    let now = clock.now
    let name = flags.contains("--layers") ? network.stepNames[index].name : ""
    let key = (isBackward ? "backward " : "forward  ") + network.stepNames[index].op + " " + name
    if step > 0 {
      let known = profile[key] ?? (0, 0)
      profile[key] = (known.seconds + seconds(now - last), known.calls + 1)
    }
    last = now
  }
  network.clearGradients()
  network.forward(.train, observing: note)
  let value = try loss()
  last = clock.now
  network.backward(observing: note)
  let (values, gradients) = (network.values, network.gradients)
  network.pool.share(values.count / 16) { _, range in
    for i in range.lowerBound * 16..<range.upperBound * 16 {
      momentum[i] = 0.9 * momentum[i] + gradients[i]
      values[i] -= rate * momentum[i]
    }
  }
  if step > 0 { times.append(seconds(clock.now - start)) }
  if flags.contains("--losses") { print("loss \(value)") }
}
times.sort()
print(
  "median \((times[times.count / 2] * 1e4).rounded() / 10) ms, least "
    + "\((times[0] * 1e4).rounded() / 10) ms, arena \(network.arenaBytes / 1_000_000) MB")
if flags.contains("--profile") {
  var total = 0.0
  for (key, entry) in profile.sorted(by: { $0.value.seconds > $1.value.seconds }) {
    let each = entry.seconds / Double(steps)
    total += each
    print("\((each * 1e5).rounded() / 100) ms  \(key) (\(entry.calls / steps))")
  }
  print("\((total * 1e5).rounded() / 100) ms in all steps")
}
