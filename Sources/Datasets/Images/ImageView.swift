/// Another look at an image than the centered one: nearer, to the side, mirrored.
///
/// Few images stand for more of what a network will see when each is looked at in several ways.
public struct ImageView: Hashable, Sendable {
  /// Whether left and right change places.
  public var isMirrored = false
  /// The sides of what is seen beside those of the centered look; at most what the image has.
  public var extent = 1.0
  /// Where in the image what is seen lies, from −1 (left, top) to 1; 0 is the center.
  public var horizontal = 0.0, vertical = 0.0

  /// The centered look.
  public init() {}
}
