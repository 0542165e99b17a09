#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")

/// 16 * v channels, v constant after inlining; only a single vector may be cut short by the mask.
static inline __attribute__((always_inline)) void channels(
    const size_t v, size_t k, __mmask16 mask, size_t taps, const float *const *rows, float *y,
    float scale) {
  __m512 values[4];
  UNROLL for (size_t j = 0; j < v; j++) values[j] =
      _mm512_maskz_loadu_ps(mask, rows[0] + k + 16 * j);
  for (size_t t = 1; t < taps; t++) {
    UNROLL for (size_t j = 0; j < v; j++) {
      const __m512 x = _mm512_maskz_loadu_ps(mask, rows[t] + k + 16 * j);
      values[j] = scale < 0 ? _mm512_max_ps(x, values[j]) : _mm512_add_ps(values[j], x);
    }
  }
  UNROLL for (size_t j = 0; j < v; j++) {
    if (scale >= 0) values[j] = _mm512_mul_ps(values[j], _mm512_set1_ps(scale));
    store_f32(y + k + 16 * j, mask, values[j]);
  }
}

void pare_pool_f32_16__avx512(
    size_t count, size_t taps, const float *const *rows, float *y, float scale) {
  size_t k = 0;
  for (; k + 64 <= count; k += 64) channels(4, k, 0xFFFF, taps, rows, y, scale);
  for (; k < count; k += 16) channels(1, k, mask16(count - k), taps, rows, y, scale);
}

/// Returns (2 * sum + count) / (2 * count), rounded down: exact, since the quotient is below 2^8 and
/// its distance from the next whole number is at least 1 / (2 * count).
static inline __attribute__((always_inline)) __m128i rounded_quotients(
    __m512i sums, int32_t count) {
  const __m512i twice = _mm512_add_epi32(_mm512_slli_epi32(sums, 1), _mm512_set1_epi32(count));
  const __m512d divisor = _mm512_set1_pd(2.0 * count);
  const __m512d low = _mm512_div_pd(_mm512_cvtepi32_pd(_mm512_castsi512_si256(twice)), divisor);
  const __m512d high =
      _mm512_div_pd(_mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(twice, 1)), divisor);
  const __m512i both = _mm512_inserti64x4(
      _mm512_castsi256_si512(_mm512_cvttpd_epi32(low)), _mm512_cvttpd_epi32(high), 1);
  return _mm512_cvtusepi32_epi8(both);
}

void pare_pool_u8_64__avx512(
    size_t channels, size_t taps, const uint8_t *const *rows, uint8_t *y, int32_t extra,
    int32_t count) {
  if (count == 0) {
    for (size_t k = 0; k < channels; k += 64) {
      const __mmask64 mask = mask64(channels - k);
      __m512i value = _mm512_maskz_loadu_epi8(mask, rows[0] + k);
      for (size_t t = 1; t < taps; t++)
        value = _mm512_max_epu8(value, _mm512_maskz_loadu_epi8(mask, rows[t] + k));
      store_u8(y + k, mask, value);
    }
    return;
  }
  for (size_t k = 0; k < channels; k += 16) {
    const __mmask16 mask = mask16(channels - k);
    __m512i sums = _mm512_set1_epi32(extra);
    for (size_t t = 0; t < taps; t++)
      sums = _mm512_add_epi32(
          sums, _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, rows[t] + k)));
    _mm_mask_storeu_epi8(y + k, mask, rounded_quotients(sums, count));
  }
}

#pragma clang attribute pop
#endif
