/// The function of a probe; see `pare_probe_f32` in kernels.h.
package typealias ProbeFunction =
  @convention(c) (Int, UnsafeRawPointer?, UnsafeMutableRawPointer?) -> Void

/// The portable form of the kernels of `probe_f32`.
package let probeReferenceF32 = Kernel<ProbeFunction>(
  name: StaticName("pare_probe_f32_4x16__portable"), rows: 4, columns: 16, isa: .portable
) { rounds, operands, sums in
  guard let operands, let sums else { return }
  let a = operands.loadUnaligned(as: SIMD16<Float>.self)
  let b = operands.loadUnaligned(fromByteOffset: 64, as: SIMD16<Float>.self)
  var (s, t, u, v) = (a, b, a, b)
  for _ in 0..<rounds {
    s = a + b * s
    t = a + b * t
    u = b + a * u
    v = b + a * v
  }
  sums.storeBytes(of: s + t + u + v, as: SIMD16<Float>.self)
}

/// The portable form of the kernels of `probe_u8s8`: products as the portable matrix product does them.
package let probeReferenceU8S8 = Kernel<ProbeFunction>(
  name: StaticName("pare_probe_u8s8_1x64__portable"), rows: 1, columns: 64, isa: .portable
) { rounds, operands, sums in
  guard let operands, let sums else { return }
  var words = operands.loadUnaligned(as: SIMD16<Int32>.self)
  let x = operands.loadUnaligned(fromByteOffset: 64, as: SIMD4<UInt8>.self)
  var sum = SIMD16<Int32>.zero
  for _ in 0..<rounds {
    sum &+= (words &<< 24) &>> 24 &* Int32(x[0])
    sum &+= (words &<< 16) &>> 24 &* Int32(x[1])
    sum &+= (words &<< 8) &>> 24 &* Int32(x[2])
    sum &+= words &>> 24 &* Int32(x[3])
    words = words &+ 1
  }
  sums.storeBytes(of: sum, as: SIMD16<Int32>.self)
}

/// The portable form of the kernels of `probe_update`.
package let probeReferenceUpdate = Kernel<ProbeFunction>(
  name: StaticName("pare_probe_update_1x64__portable"), rows: 1, columns: 64, isa: .portable
) { rounds, operands, memory in
  guard let operands, let memory else { return }
  let b = operands.loadUnaligned(as: SIMD16<UInt32>.self)
  for round in 0..<rounds {
    let line = memory.loadUnaligned(fromByteOffset: round * 64, as: SIMD16<UInt32>.self)
    memory.storeBytes(of: line ^ b, toByteOffset: round * 64, as: SIMD16<UInt32>.self)
  }
}
