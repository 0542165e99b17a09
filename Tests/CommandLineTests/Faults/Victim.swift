#if os(Linux)
import Foundation

/// glibc's, which its headers show to few.
@_silgen_name("posix_spawn_file_actions_addchdir_np")
@discardableResult
private func changeFolder(
  _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ path: UnsafePointer<CChar>
) -> CInt

/// A command that is started without delay and can be killed at a fraction of a millisecond.
struct Victim {
  /// How it ended, and what it wrote to standard error.
  struct End {
    /// The exit code, or 128 plus the signal that ended the process.
    let code: Int32
    let errors: String
    /// One line of error, as every command prints.
    var isOneLine: Bool { errors.split(separator: "\n").count == 1 && errors.hasSuffix("\n") }
  }

  private let process: pid_t
  private let errors: String

  /// Starts `command`, the tool's path first, in `folder`; what it prints goes to `logs`.
  init(_ command: [String], in folder: String, logs: String, environment: [String: String] = [:]) {
    errors = "\(logs)/errors"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "\(logs)/output", flags, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, errors, flags, 0o644)
    changeFolder(&actions, folder)
    // No signal blocked and none ignored, as a shell starts it; test threads block most.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var arguments = command.map { strdup($0) } + [nil]
    var variables = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var process: pid_t = 0
    posix_spawn(&process, command[0], &actions, &attributes, &arguments, &variables)
    self.process = process
  }

  /// Kills the process after so many seconds, unless it has ended, and waits for its end.
  func killed(after seconds: Double) -> End {
    var rest = timespec(
      tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    nanosleep(&rest, nil)
    kill(process, SIGKILL)
    return ended()
  }

  /// Waits for the end of the process.
  func ended() -> End {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    let text = try? String(contentsOfFile: errors, encoding: .utf8)
    return End(code: signal == 0 ? status >> 8 & 0xFF : 128 + signal, errors: text ?? "")
  }
}
#endif
