import Kernels
import ModelFormat

/// A copy between two strided views of the same extents, for any element size.
///
/// Dimensions of one element are dropped and neighbours joined when the copy is made, so that a run
/// is few calls of `memcpy` wherever the views allow it. A source stride of 0 repeats elements.
struct StridedCopy: Sendable {
  private var extents: [Int] = []
  private var sourceStrides: [Int] = []
  private var targetStrides: [Int] = []
  private var sourceOffset: Int
  private var targetOffset: Int
  private var elementSize: Int
  /// Whether the last two dimensions are a matrix to be transposed.
  private var transposes = false
  private var parts = 1
  private let kernels = LayoutChange.best

  /// A copy of `extents` elements; strides and offsets count elements.
  init(
    extents: [Int], sourceStrides: [Int], targetStrides: [Int], sourceOffset: Int = 0,
    targetOffset: Int = 0, elementSize: Int
  ) {
    self.sourceOffset = sourceOffset
    self.targetOffset = targetOffset
    self.elementSize = elementSize
    let order = extents.indices.filter { extents[$0] != 1 }
      .sorted { targetStrides[$0] > targetStrides[$1] }
    for axis in order {
      let extent = extents[axis]
      if let last = self.extents.indices.last,
        self.sourceStrides[last] == sourceStrides[axis] &* extent,
        self.targetStrides[last] == targetStrides[axis] &* extent
      {
        self.extents[last] = self.extents[last] &* extent
        self.sourceStrides[last] = sourceStrides[axis]
        self.targetStrides[last] = targetStrides[axis]
      } else {
        self.extents.append(extent)
        self.sourceStrides.append(sourceStrides[axis])
        self.targetStrides.append(targetStrides[axis])
      }
    }
    widen()
    formTranspose()
    let bytes = self.extents.reduce(self.elementSize, &*)
    if bytes >= 1 << 17, let rows = self.extents.first, self.extents.count > 1 {
      parts = min(rows, 16)
    }
  }

  /// Takes neighbouring elements for one of twice the size, as long as every place is a multiple of it,
  /// so that short runs are single loads and stores.
  private mutating func widen() {
    guard let last = extents.indices.last, sourceStrides[last] == 1, targetStrides[last] == 1
    else { return }
    while elementSize < 8, (2...8).contains(extents[last]), extents[last] % 2 == 0,
      sourceOffset % 2 == 0, targetOffset % 2 == 0,
      sourceStrides.dropLast().allSatisfy({ $0 % 2 == 0 }),
      targetStrides.dropLast().allSatisfy({ $0 % 2 == 0 })
    {
      elementSize &*= 2
      extents[last] /= 2
      sourceOffset /= 2
      targetOffset /= 2
      for axis in 0..<last {
        sourceStrides[axis] /= 2
        targetStrides[axis] /= 2
      }
    }
    guard extents[last] == 1 else { return }
    extents.removeLast()
    sourceStrides.removeLast()
    targetStrides.removeLast()
  }

  /// Brings the dimension that is contiguous in the source next to the innermost one.
  private mutating func formTranspose() {
    guard extents.count >= 2, sourceStrides[extents.count - 1] > 1,
      let contiguous = sourceStrides.firstIndex(of: 1)
    else { return }
    let place = extents.count - 2
    extents.insert(extents.remove(at: contiguous), at: place)
    sourceStrides.insert(sourceStrides.remove(at: contiguous), at: place)
    targetStrides.insert(targetStrides.remove(at: contiguous), at: place)
    transposes = true
  }

  /// Copies from one input to one output of a node.
  func run(_ operands: Operands, input: Int = 0, output: Int = 0) {
    if extents.contains(0) { return }
    operands.pool.run(parts: parts) { part in
      let source = operands.rawInput(input)
      let target = operands.rawOutput(output)
      switch elementSize {
      case 1: copy(UInt8.self, source, target, part)
      case 2: copy(UInt16.self, source, target, part)
      case 4: copy(UInt32.self, source, target, part)
      default: copy(UInt64.self, source, target, part)
      }
    }
  }

  private func copy<T: BitwiseCopyable>(
    _: T.Type, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ part: Int
  ) {
    let from = source.assumingMemoryBound(to: T.self) + sourceOffset
    let to = target.assumingMemoryBound(to: T.self) + targetOffset
    guard let extent = extents.first else {
      to.pointee = from.pointee
      return
    }
    let start = extent * part / parts
    let end = extent * (part + 1) / parts
    copy(
      0, from + start * sourceStrides[0], to + start * targetStrides[0], count: end - start)
  }

  /// Copies `count` entries of dimension `level`.
  private func copy<T: BitwiseCopyable>(
    _ level: Int, _ from: UnsafePointer<T>, _ to: UnsafeMutablePointer<T>, count: Int
  ) {
    let fromStride = sourceStrides[level]
    let toStride = targetStrides[level]
    if level == extents.count - 1 {
      StridedCopy.row(from, fromStride, to, toStride, count)
    } else if transposes, level == extents.count - 2 {
      transpose(from, to, rows: count)
    } else {
      let next = extents[level + 1]
      for i in 0..<count {
        copy(level + 1, from + i * fromStride, to + i * toStride, count: next)
      }
    }
  }

  private static func row<T: BitwiseCopyable>(
    _ from: UnsafePointer<T>, _ fromStride: Int, _ to: UnsafeMutablePointer<T>, _ toStride: Int,
    _ count: Int
  ) {
    if toStride == 1, fromStride == 1 {
      to.update(from: from, count: count)
    } else if toStride == 1, fromStride == 0 {
      to.update(repeating: from.pointee, count: count)
    } else {
      for i in 0..<count { to[i &* toStride] = from[i &* fromStride] }
    }
  }

  /// Copies a matrix whose rows are contiguous in the source, tile by tile.
  private func transpose<T: BitwiseCopyable>(
    _ from: UnsafePointer<T>, _ to: UnsafeMutablePointer<T>, rows: Int
  ) {
    let columns = extents[extents.count - 1]
    let columnStride = sourceStrides[extents.count - 1]
    let rowStride = targetStrides[extents.count - 2]
    let step = targetStrides[extents.count - 1]
    if step == 1, MemoryLayout<T>.size == 1 || MemoryLayout<T>.size == 4 {
      // Rows are contiguous in the source, columns in the target.
      let (source, target) = (UnsafeRawPointer(from), UnsafeMutableRawPointer(to))
      if MemoryLayout<T>.size == 1 {
        kernels.transpose(
          rows: columns, columns: rows, source.assumingMemoryBound(to: UInt8.self),
          pitch: columnStride, to: target.assumingMemoryBound(to: UInt8.self), pitch: rowStride)
      } else {
        kernels.transpose(
          rows: columns, columns: rows, source.assumingMemoryBound(to: UInt32.self),
          pitch: columnStride, to: target.assumingMemoryBound(to: UInt32.self), pitch: rowStride)
      }
      return
    }
    let tile = 16
    for top in stride(from: 0, to: rows, by: tile) {
      let bottom = min(top + tile, rows)
      for left in stride(from: 0, to: columns, by: tile) {
        let right = min(left + tile, columns)
        for row in top..<bottom {
          for column in left..<right {
            to[row &* rowStride &+ column &* step] = from[column &* columnStride &+ row]
          }
        }
      }
    }
  }
}

extension Execution {
  /// An execution that copies the first input to the first output.
  static func copying(_ copy: StridedCopy, kernel: String) -> Execution {
    Execution(kernel: kernel) { operands in copy.run(operands) }
  }

  /// An execution for empty outputs.
  static let nothing = Execution(kernel: "nothing") { _ in }

  /// An execution that leaves `byteCount` bytes as they are, in place where the plan allows it.
  static func keeping(byteCount: Int) -> Execution {
    Execution(kernel: "keep", overwrites: 0) { operands in
      let source = operands.rawInput(0)
      let target = operands.rawOutput()
      if UnsafeRawPointer(target) != source {
        target.copyMemory(from: source, byteCount: byteCount)
      }
    }
  }
}
