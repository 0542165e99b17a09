// What both depthwise kernels share: blocks of 64 channels, whose channel 16 l + 4 j + i lies in
// 32-bit lane 4 l + i of vector j, which is where interleaving bytes within 128-bit lanes leaves it.
#pragma once
#include "../masks_avx512.h"
#include "../qgemm/requantize_avx512.h"

#define INLINE static inline __attribute__((always_inline))

/// Interleaves the bytes of four vectors of 64 channels.
INLINE void interleave(__m512i out[4], __m512i x0, __m512i x1, __m512i x2, __m512i x3) {
  const __m512i low01 = _mm512_unpacklo_epi8(x0, x1), high01 = _mm512_unpackhi_epi8(x0, x1);
  const __m512i low23 = _mm512_unpacklo_epi8(x2, x3), high23 = _mm512_unpackhi_epi8(x2, x3);
  out[0] = _mm512_unpacklo_epi16(low01, low23);
  out[1] = _mm512_unpackhi_epi16(low01, low23);
  out[2] = _mm512_unpacklo_epi16(high01, high23);
  out[3] = _mm512_unpackhi_epi16(high01, high23);
}

/// The constants of 64 channels.
struct constants {
  __m512 factors[4];
  struct byte_range range;
};

INLINE void constants_of(struct constants *k, const int32_t *q, const struct pare_qoutput *o) {
  for (int j = 0; j < 4; j++) k->factors[j] = _mm512_loadu_ps((const float *)(q + 48 * j + 16));
  k->range = byte_range_of(o);
}

/// Adds the residual to four vectors of scaled sums, whose channels lie as interleaving leaves them.
INLINE void add_residual(__m512 y[4], const uint8_t *residual, __mmask64 mask, const struct constants *k) {
  const __m512i bytes = _mm512_maskz_loadu_epi8(mask, residual);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i vectors = _mm512_permutexvar_epi32(order, bytes);
  y[0] = _mm512_add_ps(y[0], residual_term(_mm512_castsi512_si128(vectors), &k->range));
  y[1] = _mm512_add_ps(y[1], residual_term(_mm512_extracti32x4_epi32(vectors, 1), &k->range));
  y[2] = _mm512_add_ps(y[2], residual_term(_mm512_extracti32x4_epi32(vectors, 2), &k->range));
  y[3] = _mm512_add_ps(y[3], residual_term(_mm512_extracti32x4_epi32(vectors, 3), &k->range));
}

INLINE void store_bytes(
    const __m512i sums[4], const struct constants *k, uint8_t *c, __mmask64 mask,
    const struct pare_qoutput *o) {
  __m512 y[4];
  for (int j = 0; j < 4; j++) y[j] = scaled(sums[j], k->factors[j]);
  if (o->residual) add_residual(y, residual_of(o, c), mask, k);
  __m512i bytes[4];
  for (int j = 0; j < 4; j++) bytes[j] = rounded(y[j], &k->range);
  store_u8(c, mask, bytes_of(bytes, &k->range));
}

INLINE void store_floats(
    const __m512i sums[4], const int32_t *q, float *c, __mmask64 mask, const struct pare_qoutput *o) {
  const __m512 min = _mm512_set1_ps(o->float_min), max = _mm512_set1_ps(o->float_max);
  __m512 y[4];
  for (int j = 0; j < 4; j++) {
    const __m512 scale = _mm512_loadu_ps((const float *)(q + 48 * j + 16));
    const __m512 bias = _mm512_loadu_ps((const float *)(q + 48 * j + 32));
    const __m512 value = _mm512_add_ps(scaled(sums[j], scale), bias);
    y[j] = _mm512_min_ps(max, _mm512_max_ps(min, value));
  }
  // Four by four transposition of 128-bit lanes.
  const __m512 a = _mm512_shuffle_f32x4(y[0], y[1], 0x44), b = _mm512_shuffle_f32x4(y[2], y[3], 0x44);
  const __m512 d = _mm512_shuffle_f32x4(y[0], y[1], 0xEE), e = _mm512_shuffle_f32x4(y[2], y[3], 0xEE);
  store_f32(c, (__mmask16)mask, _mm512_shuffle_f32x4(a, b, 0x88));
  store_f32(c + 16, (__mmask16)(mask >> 16), _mm512_shuffle_f32x4(a, b, 0xDD));
  store_f32(c + 32, (__mmask16)(mask >> 32), _mm512_shuffle_f32x4(d, e, 0x88));
  store_f32(c + 48, (__mmask16)(mask >> 48), _mm512_shuffle_f32x4(d, e, 0xDD));
}

INLINE void store_outputs(
    const __m512i sums[4], const struct constants *k, const int32_t *q, void *c, size_t at,
    __mmask64 mask, const struct pare_qoutput *o) {
  if (o->kind == 1)
    store_floats(sums, q, (float *)c + at, mask, o);
  else
    store_bytes(sums, k, (uint8_t *)c + at, mask, o);
}
