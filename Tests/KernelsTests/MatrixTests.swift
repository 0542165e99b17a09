import Kernels
import Testing

@Suite struct MatrixTests {
  @Test(arguments: [(1, 1, 1), (1, 130, 70), (14, 32, 16), (15, 33, 17), (29, 65, 3), (5, 48, 0)])
  func multipliesEveryTransposition(_ m: Int, _ n: Int, _ k: Int) {
    var numbers = Numbers(4)
    for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
      let (lda, ldb, ldc) = ((ta ? m : k) + 3, (tb ? k : n) + 1, n + 2)
      let a = padded(numbers.floats((ta ? k : m) * lda), .nan)
      let b = padded(numbers.floats((tb ? n : k) * ldb), .nan)
      var exact = [Double](repeating: 7, count: m * ldc)
      for i in 0..<m {
        for j in 0..<n {
          exact[i * ldc + j] = (0..<k).reduce(0.0) { sum, l in
            let x = ta ? a[l * lda + i] : a[i * lda + l]
            let y = tb ? b[j * ldb + l] : b[l * ldb + j]
            return sum + Double(x) * Double(y)
          }
        }
      }
      for isa in InstructionSet.available {
        var results: [[Float]] = []
        for threads in 1...3 {
          let product = ProductF32(m: m, n: n, k: k, transposesA: ta, transposesB: tb, isa: isa)
          var c = [Float](repeating: 7, count: m * ldc)
          withScratch(product.scratch.mostBytes) { scratch in
            c.withUnsafeMutableBufferPointer { to in
              guard let to = to.baseAddress else { return }
              product.run(
                a: a, lda: lda, b: b, ldb: ldb, c: to, ldc: ldc, scratch: scratch,
                pool: ThreadPool(threads: threads))
            }
          }
          results.append(c)
        }
        #expect(results[0] == results[1] && results[0] == results[2])
        for i in exact.indices {
          #expect((Double(results[0][i]) - exact[i]).magnitude < 1e-5 * Double(k + 1))
        }
      }
    }
  }

  static let changes = [LayoutChange(.portable), LayoutChange(.best)]

  @Test(arguments: [(1, 1), (3, 50), (3, 15), (3, 16), (15, 3), (16, 16), (33, 17), (7, 100)])
  func transposesWithAnyPitch(_ rows: Int, _ columns: Int) {
    var numbers = Numbers(6)
    for (xPad, yPad) in [(0, 0), (2, 0), (0, 5)] {
      let (xPitch, yPitch) = (columns + xPad, rows + yPad)
      let bytes = numbers.bytes(rows * xPitch)
      let words = bytes.map { UInt32($0) &* 0x0101_0107 }
      for change in Self.changes {
        var (u, w) = ([UInt8](repeating: 9, count: columns * yPitch), [UInt32]())
        w = u.map { UInt32($0) }
        u.withUnsafeMutableBufferPointer { to in
          guard let to = to.baseAddress else { return }
          change.transpose(
            rows: rows, columns: columns, bytes, pitch: xPitch, to: to, pitch: yPitch)
        }
        w.withUnsafeMutableBufferPointer { to in
          guard let to = to.baseAddress else { return }
          change.transpose(
            rows: rows, columns: columns, words, pitch: xPitch, to: to, pitch: yPitch)
        }
        for column in 0..<columns {
          for row in 0..<yPitch {
            let inside = row < rows
            let from = inside ? row * xPitch + column : 0
            #expect(u[column * yPitch + row] == (inside ? bytes[from] : 9))
            #expect(w[column * yPitch + row] == (inside ? words[from] : 9))
          }
        }
      }
    }
  }

  @Test(arguments: [1, 3, 4], [1, 15, 16, 50]) func quantizesPlanesAsElements(
    _ channels: Int, _ pixels: Int
  ) {
    var numbers = Numbers(8)
    let pitch = pixels + 3
    let x = numbers.floats(channels * pitch, times: 300)
    for change in Self.changes {
      var y = [UInt8](repeating: 0, count: channels * pixels)
      y.withUnsafeMutableBufferPointer { to in
        guard let to = to.baseAddress else { return }
        change.quantize(
          channels: channels, pixels: pixels, x, pitch: pitch, to: to, scale: 1.7, zeroPoint: 101)
      }
      for i in y.indices {
        let real = (x[i % channels * pitch + i / channels] / 1.7).rounded(.toNearestOrEven)
        #expect(y[i] == UInt8(min(max(real + 101, 0), 255)))
      }
    }
  }
}
