public import Interpreter

/// Why a model could not be converted.
public enum ConvertError: Error {
  case graph(InterpreterError)
}
