import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What this process has cost so far.
public enum ProcessCosts {
  /// The largest resident size so far, in bytes.
  public static var peakBytes: Int {
    #if os(Linux)
    return usage.ru_maxrss * 1024
    #else
    return usage.ru_maxrss
    #endif
  }

  /// Seconds that processors have worked for this process so far: all threads, user and system.
  public static var processorSeconds: Double {
    let usage = usage
    func seconds(_ time: timeval) -> Double {
      Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
    }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  /// Seconds on a clock that never goes back.
  public static var now: Double { ProcessInfo.processInfo.systemUptime }

  /// What the system counts; all zero where it does not answer.
  private static var usage: rusage {
    var usage = rusage()
    #if canImport(Glibc)
    _ = getrusage(RUSAGE_SELF.rawValue, &usage)
    #else
    _ = getrusage(RUSAGE_SELF, &usage)
    #endif
    return usage
  }
}
