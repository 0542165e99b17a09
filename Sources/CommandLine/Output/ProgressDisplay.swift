import ArgumentParser
import Convert
import Foundation

/// How progress is shown.
enum ProgressStyle: String, ExpressibleByArgument, CaseIterable {
  /// A line that changes on a terminal, nothing elsewhere but for long stages.
  case auto
  /// A line for each stage, and one every few seconds.
  case plain
  case none
}

/// Progress on standard error, with the rate and the time that remains.
final class ProgressDisplay {
  private let style: ProgressStyle
  private var stage = ""
  private var stageStart = 0.0
  private var lastShown = 0.0
  private var isLineOpen = false
  /// What was shown that stays.
  private(set) var notices: Set<String> = []

  init(_ style: ProgressStyle) {
    self.style = style == .auto && !Console.isTerminal ? .plain : style
  }

  /// Shows that `done` of `total` parts of a stage are done; a total of zero is not known.
  func show(_ progress: Converter.Progress) {
    guard style != .none else { return }
    let now = ProcessCosts.now
    if progress.isNotice {
      finish()
      notices.insert(progress.stage)
      return Console.complain(progress.stage)
    }
    if progress.stage != stage {
      finish()
      (stage, stageStart, lastShown) = (progress.stage, now, now)
      if style == .auto { draw(progress, now) }
      return
    }
    let interval = style == .auto ? 0.1 : 5.0
    guard now - lastShown >= interval else { return }
    lastShown = now
    draw(progress, now)
  }

  /// Ends the line that is being drawn.
  func finish() {
    if isLineOpen { Console.write("\r\u{1B}[K") }
    isLineOpen = false
  }

  private func draw(_ progress: Converter.Progress, _ now: Double) {
    var text = progress.stage
    if progress.done > 0 {
      let rate = Double(progress.done) / max(now - stageStart, 1e-9)
      text += " \(progress.done)"
      if progress.total > 0 { text += "/\(progress.total)" }
      text += String(format: ", %.1f/s", rate)
      if progress.total > progress.done {
        text += String(format: ", %.0f s left", Double(progress.total - progress.done) / rate)
      }
    }
    if !progress.detail.isEmpty { text += "; " + progress.detail }
    if style == .auto {
      Console.write("\r\u{1B}[K" + Printable.text(text))
      isLineOpen = true
    } else {
      Console.complain(text)
    }
  }
}
