import Convert
import Datasets
import Interpreter
import ModelFormat
import Operators
import Ship

extension Failure {
  /// The failure that an error of the libraries amounts to.
  init(_ error: ConvertError) {
    let outcome: Outcome =
      switch error {
      case .importing(let problem):
        switch problem.problem.kind {
        case .invalid: .invalidInput
        case .unsupported: .unsupported
        case .usage: .usage
        }
      case .plan(_, .unknownOperator), .graph(.unknownOperator), .plan(_, .node), .graph(.node):
        Self.isUnsupported(error) ? .unsupported : .invalidInput
      case .training, .noClasses: .unsupported
      case .pattern, .foreignLabels, .needsPreprocessing, .wouldReplaceSource, .memory: .usage
      case .writtenFileDiffers, .rewritesDiffer: .verificationFailed
      default: .invalidInput
      }
    self.init(outcome: outcome, message: error.description)
  }

  private static func isUnsupported(_ error: ConvertError) -> Bool {
    switch error {
    case .plan(_, let inner), .graph(let inner):
      switch inner {
      case .unknownOperator: true
      case .node(_, _, let problem):
        switch problem {
        case .unsupported, .unsupportedType, .needsConstant: true
        default: false
        }
      default: false
      }
    default: false
    }
  }
}

extension Failure {
  /// The failure that an error about a signature, a packed file or an installation amounts to.
  init(_ error: ShipError) {
    let outcome: Outcome =
      switch error {
      case _ where error.isDistrust: .distrusted
      case .golden: .verificationFailed
      case .needsBase, .noDelta, .wouldReplace: .usage
      default: .invalidInput
      }
    self.init(outcome: outcome, message: error.description)
  }
}

/// Runs `body` and turns errors of the libraries into failures.
func reporting<R>(_ body: () throws -> R) throws -> R {
  do { return try body() } catch let error as ConvertError {
    throw Failure(error)
  } catch let error as DatasetError {
    throw Failure(outcome: .invalidInput, message: error.description)
  } catch let error as FileError {
    throw Failure(outcome: .invalidInput, message: error.description)
  } catch let error as ShipError {
    throw Failure(error)
  } catch let error as OpenError {
    throw Failure(outcome: .invalidInput, message: error.description)
  } catch let error as ImportError {
    throw Failure(ConvertError.importing(error))
  } catch let error as InterpreterError {
    throw Failure(ConvertError.graph(error))
  }
}
