import ModelFormat

/// A rewrite of a graph that keeps what the network computes.
struct GraphPass: Sendable {
  /// The name in reports, in kebab case.
  let name: String
  /// One line for `docs/Passes.md`.
  let summary: String
  /// Rewrites the graph and returns how many places it changed.
  let apply: @Sendable (inout Graph) throws(ConvertError) -> Int
}
