import ModelFormat
import Train

/// The checkpoint of a conversion: a file beside its output, from which the same command goes on.
///
/// Stages keep what they have got here under names (`StageCheckpoint`); every so often all of it is written, in one
/// step, so that there is a whole file whenever the process ends. Nothing here makes a conversion fail: what
/// cannot be read is left out, and what cannot be written is not, each with a warning.
final class CheckpointStore {
  /// Where the file is.
  let path: String
  /// What the user should know.
  private(set) var warnings: [String] = []
  /// The place at which the conversion goes on, in words; nil where it began anew.
  private(set) var resumed: String?

  private let identity: CheckpointIdentity
  private let settings: Settings
  private let stop: StopSignal
  private let progress: (Converter.Progress) -> Void
  private var sections: [CheckpointFile.Section] = []
  private var lastEnd: Double
  /// Seconds that the last writing took.
  private var cost = 0.0
  private var isBroken = false
  /// Whether the file is another conversion's, which is not removed.
  private var isForeign = false

  /// How the store works.
  struct Settings {
    /// The fewest seconds from one checkpoint to the next.
    var seconds: Double
    /// Whether files are written, and removed in the end.
    var writes = true
    /// Whether what is there is ignored.
    var restarts = false
    /// A clock in seconds.
    var clock: () -> Double = { ProcessCosts.now }
  }

  /// Seconds before the end of a stage is worth a checkpoint.
  private static let brief = 5.0
  /// How many times as long as writing a checkpoint the work between two of them takes at least.
  private static let share = 10.0

  /// The store of the conversion that `options` ask for; nil where they want none.
  static func open(
    _ options: ConversionOptions, source: String, stop: StopSignal,
    progress: @escaping (Converter.Progress) -> Void
  ) -> CheckpointStore? {
    guard options.checkpointSeconds > 0 else { return nil }
    return CheckpointStore(
      path: options.checkpoint, CheckpointIdentity(options, source: source),
      Settings(
        seconds: options.checkpointSeconds, writes: !options.isDryRun,
        restarts: options.restarts), stop: stop, progress: progress)
  }

  /// Reads the checkpoint at `path`, where there is one that `identity` fits.
  init(
    path: String, _ identity: CheckpointIdentity, _ settings: Settings, stop: StopSignal,
    progress: @escaping (Converter.Progress) -> Void
  ) {
    self.path = path
    self.identity = identity
    self.settings = settings
    self.stop = stop
    self.progress = progress
    lastEnd = settings.clock()
    if !settings.restarts { read() }
  }

  private func read() {
    let file: CheckpointFile
    do throws(CheckpointError) {
      guard let found = try CheckpointFile.read(path) else { return }
      file = found
    } catch .file(let error) {
      return warn("\(error): the conversion begins anew")
    } catch {
      return warn("\(path): \(error): the conversion begins anew")
    }
    guard file.identity == identity.digest else {
      isForeign = true
      let saved = file.sections.first { $0.name == Self.conversion }
      let names = identity.differences(from: saved?.bytes ?? [])
      return warn(
        "\(path): is the checkpoint of another conversion"
          + (names.isEmpty ? "" : " (other: \(names.joined(separator: ", ")))")
          + ": this one begins anew" + (settings.writes ? ", and will replace it" : ""))
    }
    guard let place = file.sections.first(where: { $0.name == Self.place }) else {
      return warn("\(path): is damaged (no place): the conversion begins anew")
    }
    do throws(StateError) {
      var reader = StateReader(place.bytes)
      let found = try CheckpointPlace(from: &reader)
      let seconds = try reader.double()
      guard seconds >= 0, seconds < 1e9 else { throw .damaged }
      try reader.end()
      stop.count(seconds)
      resumed = found.text
    } catch { return warn("\(path): \(error): the conversion begins anew") }
    sections = file.sections.filter { $0.name != Self.place && $0.name != Self.conversion }
    progress(.notice("going on from \(path): \(resumed ?? "")"))
  }

  private static let place = "place", conversion = "conversion"

  private func warn(_ text: String) {
    warnings.append(text)
    progress(.notice("warning: " + text))
  }

  /// What was kept under `name`.
  func state(_ name: String) -> [UInt8]? { sections.first { $0.name == name }?.bytes }

  /// Keeps `bytes` under `name`, in the place of what was there, for the next time all is written.
  func keep(_ name: String, _ bytes: [UInt8]) {
    guard settings.writes, !isBroken else { return }
    let section = CheckpointFile.Section(name, bytes)
    if let index = sections.firstIndex(where: { $0.name == name }) {
      sections[index] = section
    } else {
      sections.append(section)
    }
  }

  /// Drops what `name` holds, and all that came after it, since it cannot be used.
  func refuse(_ name: String, _ reason: StateError) {
    guard let index = sections.firstIndex(where: { $0.name == name }) else { return }
    sections.removeSubrange(index...)
    warn("\(path): '\(name)': \(reason): from there on the conversion begins anew")
  }

  /// Whether it is time to write.
  var isDue: Bool { isDue(after: settings.seconds) }

  private func isDue(after seconds: Double) -> Bool {
    settings.writes && !isBroken
      && settings.clock() - lastEnd >= max(seconds, Self.share * cost)
  }

  /// Writes all that was kept, if it is time; at the end of a stage some seconds of work are enough.
  func save(at place: CheckpointPlace, isEnd: Bool = false) {
    guard isDue(after: isEnd ? min(Self.brief, settings.seconds) : settings.seconds) else {
      return
    }
    var writer = StateWriter()
    place.append(to: &writer)
    writer.append(stop.elapsed)
    let start = settings.clock()
    let all =
      [.init(Self.conversion, identity.encoded), .init(Self.place, writer.bytes)] + sections
    do throws(FileError) {
      try CheckpointFile(identity: identity.digest, all).write(to: path)
      isForeign = false
    } catch {
      isBroken = true
      warn("\(error): the conversion goes on without checkpoints")
    }
    lastEnd = settings.clock()
    cost = lastEnd - start
  }

  /// Removes the file: the conversion has come to its end.
  func remove() { if settings.writes, !isForeign { AtomicFile.remove(path) } }
}
