public import Datasets
public import Interpreter
public import Metadata
public import ModelFormat
public import Train

/// Why a model could not be converted, loaded or measured.
public enum ConvertError: Error {
  case importing(ImportError)
  case opening(OpenError)
  case metadata(path: String, MetadataError)
  case graph(InterpreterError)
  case plan(path: String, InterpreterError)
  case dataset(DatasetError)
  case file(FileError)
  case noSamples(String)
  case unlabelled(String)
  case needsPreprocessing(Shape)
  case pattern(String)
  case nothingToMeasure(String)
  case cache(String, String)
  case memory(work: String, needed: Int, limit: Int)
  case wouldReplaceSource(String)
  case training(String, TrainingError)
  case noClasses(String)
  case foreignLabels(classes: Int)
  case rewritesDiffer(path: String, error: Double)
  case writtenFileDiffers(path: String, String)
}

extension ConvertError: CustomStringConvertible {
  /// One line: what is wrong, where, and the way out.
  public var description: String {
    switch self {
    case .importing(let error): error.description
    case .opening(let error): error.description
    case .metadata(let path, let error): "\(path): \(error)"
    case .graph(let error): error.description
    case .plan(let path, let error): "\(path): \(error)"
    case .dataset(let error): error.description
    case .file(let error): error.description
    case .noSamples(let path): "no sample could be read: \(path)"
    case .unlabelled(let path):
      "\(path): has no labels; give a folder with labels.tsv or one folder for each class, a .tar"
        + " with .cls members, or IDX files with labels"
    case .needsPreprocessing(let shape):
      "how images become an input of \(shape) is not known; say --preprocess NAME"
    case .wouldReplaceSource(let path):
      "\(path): is the source; say another file with -o"
    case .memory(let work, let needed, let limit):
      "\(work) needs about \((needed + 999_999) / 1_000_000) MB of memory, --max-memory allows "
        + "\(limit / 1_000_000) MB; allow more, or leave it out"
    case .nothingToMeasure(let path):
      "\(path): no layer has float weights; give the model that was not compressed yet"
    case .cache(let path, let problem): "\(path): \(problem)"
    case .training(let path, let error): "\(path): cannot be trained: \(error)"
    case .noClasses(let path):
      "\(path): cannot be trained with labels: its first output is no row of class scores"
    case .foreignLabels(let classes):
      "the labels of --train-data are none of the network's \(classes) classes"
    case .pattern(let text): "'\(text)' is no regular expression"
    case .rewritesDiffer(let path, let error):
      "\(path): its clean-ups and fusions change what it computes by \(error): a defect of this tool;"
        + " please report it with the model; nothing was written"
    case .writtenFileDiffers(let path, let detail):
      "\(path): the written file does not compute what was verified: \(detail)"
    }
  }
}
