/// One sample of a data set: an image or arrays, and the class they belong to where it is known.
public struct Sample: Hashable, Sendable {
  /// What a sample is made of.
  public enum Content: Hashable, Sendable {
    /// An image that is yet to be preprocessed.
    case image(Image)
    /// One array without a name, ready for a model's only input.
    case array(NumericArray)
    /// Arrays by the name of the input that they are for.
    case tensors([String: NumericArray])
  }

  /// The name within the data set: a file name, a member of an archive, or a position.
  public var name: String
  /// The class index, or nil where the data set has no labels.
  public var label: Int?
  /// The image or arrays.
  public var content: Content

  /// A sample with the given properties.
  public init(name: String, label: Int? = nil, content: Content) {
    self.name = name
    self.label = label
    self.content = content
  }
}
