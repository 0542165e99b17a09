import ModelFormat
import Operators

extension Derivative {
  /// GlobalAveragePool: each pixel gets its share.
  static let globalAveragePool = Derivative("GlobalAveragePool") { node throws(OperatorError) in
    let x = try node.facts.input(0)
    let isChannelsLast = x.layout == .channelsLast && x.shape.rank == 4
    let channels = isChannelsLast ? x.shape[1] : 1
    let images = isChannelsLast ? x.shape[0] : x.shape[0] * x.shape[1]
    let pixels = x.count / max(1, images * channels)
    let share = 1 / Float(pixels)
    return TrainingStep(writes: true) { memory in
      guard let place = memory.place(0) else { return }
      memory.split(images, grain: 1) { range in
        for image in range {
          let from = memory.gradient() + image * channels
          let to = place.pointer + image * pixels * channels
          for pixel in 0..<pixels {
            let row = to + pixel * channels
            if place.adds {
              for k in 0..<channels { row[k] += from[k] * share }
            } else {
              for k in 0..<channels { row[k] = from[k] * share }
            }
          }
        }
      }
    }
  }
}
