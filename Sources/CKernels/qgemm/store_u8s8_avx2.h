// The stores of an integer matrix product with 256-bit vectors: panels of 16 sums to outputs.
#pragma once
#include "requantize_avx2.h"

#define UNROLL _Pragma("clang loop unroll(full)")

/// Stores n columns of m rows of 16 sums: bytes, two rows at a time, of which there is memory for both.
INLINE void store_bytes(
    size_t m, size_t n, const int32_t *sums, const int32_t *q, uint8_t *c, size_t ldc,
    const struct pare_qoutput *o) {
  const struct byte_range range = byte_range_of(o);
  const __m256 f0 = _mm256_loadu_ps((const float *)(q + 16));
  const __m256 f1 = _mm256_loadu_ps((const float *)(q + 24));
  const __m256i by_row = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (size_t i = 0; i < m; i += 2, c += 2 * ldc, sums += 32) {
    __m256 y[4];
    UNROLL for (int k = 0; k < 4; k++) y[k] =
        scaled(_mm256_load_si256((const __m256i *)(sums + 8 * k)), k % 2 ? f1 : f0);
    if (o->residual) {
      UNROLL for (size_t k = 0; k < 2; k++) {
        // An odd row at the end stands in for the one that is not there.
        const size_t row = i + k < m ? k : 0;
        const __m128i bytes = _mm_loadu_si128((const __m128i *)residual_of(o, c + row * ldc));
        const __m256i low = _mm256_cvtepu8_epi32(bytes);
        const __m256i high = _mm256_cvtepu8_epi32(_mm_unpackhi_epi64(bytes, bytes));
        y[2 * k] = _mm256_add_ps(y[2 * k], residual_term(low, &range));
        y[2 * k + 1] = _mm256_add_ps(y[2 * k + 1], residual_term(high, &range));
      }
    }
    const __m256i mixed = bytes_of(
        rounded(y[0], &range), rounded(y[1], &range), rounded(y[2], &range), rounded(y[3], &range),
        &range);
    const __m256i rows = _mm256_permutevar8x32_epi32(mixed, by_row);
    store_bytes16(c, n, _mm256_castsi256_si128(rows));
    if (i + 1 < m) store_bytes16(c + ldc, n, _mm256_extracti128_si256(rows, 1));
  }
}

/// Stores n columns of m rows of 16 sums as floats.
INLINE void store_floats(
    size_t m, size_t n, const int32_t *sums, const int32_t *q, float *c, size_t ldc,
    const struct pare_qoutput *o) {
  const __m256 min = _mm256_set1_ps(o->float_min), max = _mm256_set1_ps(o->float_max);
  for (size_t j = 0; j < n; j += 8) {
    const __m256 scale = _mm256_loadu_ps((const float *)(q + 16 + j));
    const __m256 bias = _mm256_loadu_ps((const float *)(q + 32 + j));
    for (size_t i = 0; i < m; i++) {
      const __m256i sum = _mm256_load_si256((const __m256i *)(sums + 16 * i + j));
      const __m256 y = _mm256_add_ps(scaled(sum, scale), bias);
      store_floats8(c + i * ldc + j, n - j, held(y, min, max));
    }
  }
}
