import Datasets
import Interpreter
import ModelFormat
import TestSupport
import Testing
import Train

@testable import Convert

/// Which samples steps see, and in how many ways.
@Suite struct SampleSetTests {
  static func options(_ change: (inout ConversionOptions) -> Void = { _ in }) -> ConversionOptions {
    var options = ConversionOptions(input: "\(TestModel.samples)/digits_resnet.onnx")
    options.calibration = Conversion.calibration
    options.preprocessing = Preprocessing.presets.first { $0.name == "unit" }
    change(&options)
    return options
  }

  static func set(_ options: ConversionOptions) throws -> (SampleSet, Interpreter) {
    let model = try LoadedModel(path: options.input)
    return (try SampleSet(options, model.graph), try model.interpreter())
  }

  /// What a set puts into the input, one after the other.
  static func inputs(
    _ set: SampleSet, _ limit: Int, _ interpreter: Interpreter
  ) throws -> [[Float]] {
    var (set, found) = (set, [[Float]]())
    let count = try set.forEach(limit: limit, into: interpreter) { _ throws(ConvertError) in
      found.append([Float](interpreter.input(0).bindMemory(to: Float.self)))
    }
    #expect(count == found.count)
    return found
  }

  @Test(arguments: [100, 64, 50, 33], [8, 3]) func partsCoverAllAndShareNothing(
    _ limit: Int, _ period: Int
  ) throws {
    let (all, interpreter) = try Self.set(Self.options { $0.samples = limit })
    let (fit, judge) = all.split(period: period)
    let (a, b) = (Set(fit.indices), Set(judge.indices))
    #expect(a.isDisjoint(with: b) && a.union(b) == Set(all.indices))
    #expect(all.indices.count == limit && a.count + b.count == limit)
    #expect(abs(b.count - limit / period) <= 1)
    #expect(fit.indices == fit.indices.sorted())
    // Loading goes by them.
    let wanted = try Self.inputs(all, .max, interpreter)
    let place = Dictionary(uniqueKeysWithValues: zip(all.indices, wanted))
    #expect(try Self.inputs(judge, .max, interpreter) == judge.indices.map { place[$0] })
    #expect(try Self.inputs(fit, .max, interpreter) == fit.indices.map { place[$0] })
  }

  @Test func fewSamplesAreInBothParts() throws {
    let (all, _) = try Self.set(Self.options { $0.samples = 31 })
    let (fit, judge) = all.split(period: 8)
    #expect(fit.indices == all.indices && judge.indices == all.indices)
    let (random, interpreter) = try Self.set(Self.options { $0.calibration = nil })
    let parts = random.split(period: 8)
    #expect(parts.fit.indices.isEmpty && random.kind == "random")
    let inputs = try Self.inputs(parts.judge, 4, interpreter)
    #expect(inputs == (try Self.inputs(random, 4, interpreter)))
  }

  @Test func manyLooksComeBehindAllImages() throws {
    let (all, interpreter) = try Self.set(Self.options { $0.samples = 12 })
    let plain = try Self.inputs(all, .max, interpreter)
    let looks = try Self.inputs(all.enriched(to: 30), .max, interpreter)
    #expect(looks.count == 36 && Array(looks[..<12]) == plain)
    // Hardly a look is another, small as the images are.
    #expect(Set(looks).count > 30)
    #expect(looks.allSatisfy { $0.allSatisfy { (0...1).contains($0) } })
    // The same each time, another one for another seed; first looks are those of no seed.
    #expect(try Self.inputs(all.enriched(to: 30), .max, interpreter) == looks)
    let (other, _) = try Self.set(
      Self.options {
        $0.samples = 12
        $0.seed = 5
      })
    let others = try Self.inputs(other.enriched(to: 30), .max, interpreter)
    #expect(Array(others[..<12]) == plain && others[12] != looks[12])
    // Enough images are looked at once, few no more than six times.
    #expect(try Self.inputs(all.enriched(to: 12), .max, interpreter) == plain)
    #expect(try Self.inputs(all.enriched(to: 1_000), .max, interpreter).count == 72)
    // Part of them: each look's share.
    #expect(try Self.inputs(all.enriched(to: 24), 14, interpreter).count == 14)
  }

  @Test func partsKeepTheirImagesInAllLooks() throws {
    let (all, interpreter) = try Self.set(Self.options())
    let (fit, judge) = all.split(period: 8)
    let held = Set(try Self.inputs(judge, .max, interpreter))
    let shown = try Self.inputs(fit.enriched(to: 170), .max, interpreter)
    #expect(shown.count == 2 * fit.indices.count && shown.allSatisfy { !held.contains($0) })
    #expect(fit.enriched(to: 170).indices == fit.indices)
  }

  @Test func laterLooksAreNearAndMirroredByTurns() {
    #expect(ImageView(0, of: 3, seed: 9) == ImageView())
    var seen = Set<ImageView>()
    for image in 0..<20 {
      for index in 1...3 {
        let view = ImageView(index, of: image, seed: 9)
        #expect(view == ImageView(index, of: image, seed: 9))
        #expect(view.isMirrored == (index % 2 == 1))
        #expect((0.5...1).contains(view.extent))
        #expect((-1...1).contains(view.horizontal) && (-1...1).contains(view.vertical))
        seen.insert(view)
      }
    }
    #expect(seen.count == 60)
  }
}
