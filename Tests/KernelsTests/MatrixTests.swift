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
          withScratch(product.scratchBytes) { scratch in
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

  @Test(arguments: [(1, 1), (3, 50), (16, 16), (33, 17)]) func changesTheLayoutAndBack(
    _ channels: Int, _ pixels: Int
  ) {
    var numbers = Numbers(6)
    let floats = numbers.floats(2 * channels * pixels)
    let bytes = numbers.bytes(2 * channels * pixels)
    var (y, z) = (floats, floats)
    var (u, v) = (bytes, bytes)
    LayoutChange.channelsLast(floats, to: &y, batch: 2, channels: channels, pixels: pixels)
    LayoutChange.channelsLast(bytes, to: &u, batch: 2, channels: channels, pixels: pixels)
    for image in 0..<2 {
      for channel in 0..<channels {
        for pixel in 0..<pixels {
          let from = (image * channels + channel) * pixels + pixel
          let to = (image * pixels + pixel) * channels + channel
          #expect(y[to] == floats[from] && u[to] == bytes[from])
        }
      }
    }
    LayoutChange.channelsFirst(y, to: &z, batch: 2, channels: channels, pixels: pixels)
    LayoutChange.channelsFirst(u, to: &v, batch: 2, channels: channels, pixels: pixels)
    #expect(z == floats && v == bytes)
  }
}
