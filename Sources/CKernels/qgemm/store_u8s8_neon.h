// The stores of an integer matrix product with NEON: panels of 16 sums to outputs.
#pragma once
#include "requantize_neon.h"

#define UNROLL _Pragma("clang loop unroll(full)")

/// Stores n columns of m rows of 16 sums as bytes.
INLINE void store_bytes(
    size_t m, size_t n, const int32_t *sums, const int32_t *q, uint8_t *c, size_t ldc,
    const struct pare_qoutput *o) {
  const struct byte_range range = byte_range_of(o);
  const float32x4x4_t factors = vld1q_f32_x4((const float *)(q + 16));
  for (size_t i = 0; i < m; i++, c += ldc, sums += 16) {
    float32x4_t y[4];
    UNROLL for (size_t j = 0; j < 4; j++) y[j] = scaled(vld1q_s32(sums + 4 * j), factors.val[j]);
    if (o->residual) add_residual(y, vld1q_u8(residual_of(o, c)), &range);
    store_bytes16(c, n, bytes_of(y, &range));
  }
}

/// Stores n columns of m rows of 16 sums as floats.
INLINE void store_floats(
    size_t m, size_t n, const int32_t *sums, const int32_t *q, float *c, size_t ldc,
    const struct pare_qoutput *o) {
  const float32x4_t min = vdupq_n_f32(o->float_min), max = vdupq_n_f32(o->float_max);
  for (size_t j = 0; j < n; j += 4) {
    const float32x4_t scale = vld1q_f32((const float *)(q + 16 + j));
    const float32x4_t bias = vld1q_f32((const float *)(q + 32 + j));
    for (size_t i = 0; i < m; i++) {
      const float32x4_t y = vaddq_f32(scaled(vld1q_s32(sums + 16 * i + j), scale), bias);
      store_floats4(c + i * ldc + j, n - j, held(y, min, max));
    }
  }
}
