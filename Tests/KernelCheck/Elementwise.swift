import CKernels
import Kernels

/// Counts around vectors of 4 to 64 elements.
private let counts = [1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 131, 257]

extension Numbers {
  /// Floats among which are the special ones.
  mutating func allKindsOfFloats(_ count: Int, times factor: Float) -> Samples<Float> {
    let special: [Float] = [.infinity, -.infinity, 0, -0.0, 1e-30, -3e38, .nan, 0.125, -0.375]
    return Samples(count) { index in
      index % 5 == 3 && count > 20 ? special[index / 5 % special.count] : float() * factor
    }
  }
}

extension Samples<Float> {
  /// Whether elements have the same bits, those that are no numbers apart, and guards do.
  func isSameNumbers(_ other: Samples) -> Bool {
    for index in 0..<count
    where base[index] != base[index] && other.base[index] != other.base[index] {
      base[index] = 0
      other.base[index] = 0
    }
    return isSame(other)
  }
}

/// Compares functions of one float, into other memory and in place.
func unary(
  _ kernel: Kernel<UnaryFunctionF32>, _ reference: Kernel<UnaryFunctionF32>, _ cases: inout Cases
) {
  for operation in Int32(0)...10 {
    for count in counts {
      var numbers = Numbers(count)
      let x = numbers.allKindsOfFloats(count, times: 90)
      for isInPlace in [false, true] {
        let outputs = [0, 1].map { _ in Samples<Float>(count) { x.base[$0] } }
        for (kernel, y) in zip([kernel, reference], outputs) {
          kernel.function(operation, count, isInPlace ? y.base : x.base, y.base, -1.25, 2.5)
        }
        cases.add(outputs[0].isSameNumbers(outputs[1]))
      }
    }
  }
}

/// Compares functions of two floats, with each way to walk the second.
func binary(
  _ kernel: Kernel<BinaryFunctionF32>, _ reference: Kernel<BinaryFunctionF32>,
  _ cases: inout Cases
) {
  for operation in Int32(0)...7 {
    for count in counts {
      var numbers = Numbers(count)
      let a = numbers.allKindsOfFloats(3 * count, times: 4)
      let b = numbers.allKindsOfFloats(3 * count, times: 4)
      for (row, step) in [(count, 1), (0, 1), (1, 0), (0, 0)] {
        for isInPlace in [false, true] {
          let outputs = [0, 1].map { _ in Samples<Float>(3 * count) { a.base[$0] } }
          for (kernel, y) in zip([kernel, reference], outputs) {
            kernel.function(
              operation, 3, count, isInPlace ? y.base : a.base, b.base, row, step, y.base, -3.5,
              .infinity)
          }
          cases.add(outputs[0].isSameNumbers(outputs[1]))
        }
      }
    }
  }
}

/// Compares a function of two rows of bytes, with each way to walk the second.
private func bytePairs(
  _ cases: inout Cases,
  _ body: (
    _ isReference: Bool, _ count: Int, _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>,
    _ row: Int, _ step: Int, _ y: UnsafeMutablePointer<UInt8>
  ) -> Void
) {
  for count in counts {
    var numbers = Numbers(count)
    let (a, b) = (numbers.bytes(3 * count), numbers.bytes(3 * count))
    for (row, step) in [(count, 1), (0, 1), (1, 0), (0, 0)] {
      for isInPlace in [false, true] {
        let outputs = [0, 1].map { _ in Samples<UInt8>(3 * count) { a.base[$0] } }
        for index in 0..<2 {
          let y = outputs[index].base
          body(index == 1, count, isInPlace ? y : a.base, b.base, row, step, y)
        }
        cases.add(outputs[0].isSame(outputs[1]))
      }
    }
  }
}

/// Compares sums of bytes.
func add(_ kernel: Kernel<AddFunctionU8>, _ reference: Kernel<AddFunctionU8>, _ cases: inout Cases)
{
  for (first, second) in [(Float(0.7), Float(-0.31)), (1e-9, 1), (3e5, 1e30), (0.5, 0.5)] {
    let parameters = pare_add_u8_parameters(
      a_zero: 120, b_zero: 3, a_factor: first, b_factor: second, zero: 130, min: 5, max: 251)
    withUnsafePointer(to: parameters) { parameters in
      bytePairs(&cases) { isReference, count, a, b, row, step, y in
        (isReference ? reference : kernel).function(3, count, a, b, row, step, y, parameters)
      }
    }
  }
}

/// Compares products of bytes.
func multiply(
  _ kernel: Kernel<MultiplyFunctionU8>, _ reference: Kernel<MultiplyFunctionU8>,
  _ cases: inout Cases
) {
  for factor in [Float(0.01), 1e-9, 3e5, 1e30] {
    let parameters = pare_mul_u8_parameters(
      a_zero: 120, b_zero: 3, factor: factor, zero: 130, min: 5, max: 251)
    withUnsafePointer(to: parameters) { parameters in
      bytePairs(&cases) { isReference, count, a, b, row, step, y in
        (isReference ? reference : kernel).function(3, count, a, b, row, step, y, parameters)
      }
    }
  }
}

/// Compares looking up in a table, into other memory and in place.
func lookUp(
  _ kernel: Kernel<LookupFunctionU8>, _ reference: Kernel<LookupFunctionU8>, _ cases: inout Cases
) {
  for count in counts {
    var numbers = Numbers(count)
    let (x, table) = (numbers.bytes(count), numbers.bytes(256))
    for isInPlace in [false, true] {
      let outputs = [0, 1].map { _ in Samples<UInt8>(count) { x.base[$0] } }
      for (kernel, y) in zip([kernel, reference], outputs) {
        kernel.function(count, isInPlace ? y.base : x.base, y.base, table.base)
      }
      cases.add(outputs[0].isSame(outputs[1]))
    }
  }
}

/// Compares quantization.
func quantize(
  _ kernel: Kernel<QuantizeFunctionU8>, _ reference: Kernel<QuantizeFunctionU8>,
  _ cases: inout Cases
) {
  for count in counts {
    var numbers = Numbers(count)
    let x = numbers.allKindsOfFloats(count, times: 40)
    let outputs = [0, 1].map { _ in Samples<UInt8>(count) { _ in 77 } }
    for (kernel, y) in zip([kernel, reference], outputs) {
      kernel.function(count, x.base, y.base, 0.25, 100)
    }
    cases.add(outputs[0].isSame(outputs[1]))
  }
}

/// Compares the way back.
func dequantize(
  _ kernel: Kernel<DequantizeFunctionU8>, _ reference: Kernel<DequantizeFunctionU8>,
  _ cases: inout Cases
) {
  for count in counts {
    var numbers = Numbers(count)
    let x = numbers.bytes(count)
    let outputs = [0, 1].map { _ in Samples<Float>(count) { _ in 77 } }
    for (kernel, y) in zip([kernel, reference], outputs) {
      kernel.function(count, x.base, y.base, 0.037, 100)
    }
    cases.add(outputs[0].isSame(outputs[1]))
  }
}

/// Compares quantization of planes to pixels.
func quantizePlanes(
  _ kernel: Kernel<QuantizePlanesFunction>, _ reference: Kernel<QuantizePlanesFunction>,
  _ cases: inout Cases
) {
  for channels in [1, 2, 3, 4] {
    for pixels in counts {
      var numbers = Numbers(channels * 1000 + pixels)
      let pitch = pixels + 3
      let x = numbers.allKindsOfFloats(channels * pitch, times: 40)
      let outputs = [0, 1].map { _ in Samples<UInt8>(channels * pixels) { _ in 77 } }
      for (kernel, y) in zip([kernel, reference], outputs) {
        kernel.function(channels, pixels, x.base, pitch, y.base, 0.25, 100)
      }
      cases.add(outputs[0].isSame(outputs[1]))
    }
  }
}

/// Compares transpositions of elements of `size` bytes.
func transpose(
  _ size: Int, _ kernel: Kernel<TransposeFunction>, _ reference: Kernel<TransposeFunction>,
  _ cases: inout Cases
) {
  for rows in [1, 3, 4, 7, 8, 16, 17, 33] {
    for columns in [1, 3, 4, 7, 8, 15, 16, 17, 40] {
      for gap in [0, 5] {
        var numbers = Numbers(rows * 100 + columns)
        let x = numbers.bytes(rows * (columns + gap) * size)
        let outputs = [0, 1].map { _ in Samples<UInt8>(columns * (rows + gap) * size) { _ in 77 } }
        for (kernel, y) in zip([kernel, reference], outputs) {
          kernel.function(rows, columns, x.base, columns + gap, y.base, rows + gap)
        }
        cases.add(outputs[0].isSame(outputs[1]))
      }
    }
  }
}
