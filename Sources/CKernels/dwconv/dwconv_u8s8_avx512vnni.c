#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../qgemm/requantize_avx512.h"

#define INLINE static inline __attribute__((always_inline))

/// Adds 4 taps of 64 channels. Interleaving bytes within 128-bit lanes leaves channel 16 l + 4 j + i
/// of the block in 32-bit lane 4 l + i of sums[j]; weights and constants are packed in that order.
INLINE void four_taps(
    __m512i sums[4], __m512i x0, __m512i x1, __m512i x2, __m512i x3, const int8_t *w) {
  const __m512i low01 = _mm512_unpacklo_epi8(x0, x1), high01 = _mm512_unpackhi_epi8(x0, x1);
  const __m512i low23 = _mm512_unpacklo_epi8(x2, x3), high23 = _mm512_unpackhi_epi8(x2, x3);
  sums[0] = _mm512_dpbusd_epi32(
      sums[0], _mm512_unpacklo_epi16(low01, low23), _mm512_loadu_si512(w));
  sums[1] = _mm512_dpbusd_epi32(
      sums[1], _mm512_unpackhi_epi16(low01, low23), _mm512_loadu_si512(w + 64));
  sums[2] = _mm512_dpbusd_epi32(
      sums[2], _mm512_unpacklo_epi16(high01, high23), _mm512_loadu_si512(w + 128));
  sums[3] = _mm512_dpbusd_epi32(
      sums[3], _mm512_unpackhi_epi16(high01, high23), _mm512_loadu_si512(w + 192));
}

INLINE void store_bytes(
    __m512i sums[4], const struct requantizer r[4], uint8_t *c, __mmask64 mask,
    const struct pare_qoutput *o) {
  const __m512i min = _mm512_set1_epi64(o->min - o->zero);
  const __m512i max = _mm512_set1_epi64(o->max - o->zero);
  const __m512i zero = _mm512_set1_epi16((short)o->zero);
  __m512i y[4];
  for (int j = 0; j < 4; j++) y[j] = requantize(sums[j], &r[j], min, max);
  const __m512i low = _mm512_add_epi16(_mm512_packs_epi32(y[0], y[1]), zero);
  const __m512i high = _mm512_add_epi16(_mm512_packs_epi32(y[2], y[3]), zero);
  _mm512_mask_storeu_epi8(c, mask, _mm512_packus_epi16(low, high));
}

INLINE void store_floats(
    __m512i sums[4], const int32_t *q, float *c, __mmask64 mask, const struct pare_qoutput *o) {
  const __m512 min = _mm512_set1_ps(o->float_min), max = _mm512_set1_ps(o->float_max);
  __m512 y[4];
  for (int j = 0; j < 4; j++) {
    const __m512 scale = _mm512_loadu_ps((const float *)(q + 48 * j + 16));
    const __m512 bias = _mm512_loadu_ps((const float *)(q + 48 * j + 32));
    const __m512 value = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sums[j]), scale), bias);
    y[j] = _mm512_min_ps(max, _mm512_max_ps(min, value));
  }
  // Four by four transposition of 128-bit lanes.
  const __m512 a = _mm512_shuffle_f32x4(y[0], y[1], 0x44), b = _mm512_shuffle_f32x4(y[2], y[3], 0x44);
  const __m512 d = _mm512_shuffle_f32x4(y[0], y[1], 0xEE), e = _mm512_shuffle_f32x4(y[2], y[3], 0xEE);
  _mm512_mask_storeu_ps(c, (__mmask16)mask, _mm512_shuffle_f32x4(a, b, 0x88));
  _mm512_mask_storeu_ps(c + 16, (__mmask16)(mask >> 16), _mm512_shuffle_f32x4(a, b, 0xDD));
  _mm512_mask_storeu_ps(c + 32, (__mmask16)(mask >> 32), _mm512_shuffle_f32x4(d, e, 0x88));
  _mm512_mask_storeu_ps(c + 48, (__mmask16)(mask >> 48), _mm512_shuffle_f32x4(d, e, 0xDD));
}

void pare_dwconv_u8s8_8x64__avx512vnni(
    size_t m, size_t channels, size_t taps, const uint8_t *const *a, const int8_t *w,
    const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  const size_t groups = (taps + 3) / 4;
  for (size_t k = 0; k < channels; k += 64, q += 192, w += groups * 256) {
    const size_t left = channels - k;
    const __mmask64 mask = left >= 64 ? ~0ull : (1ull << left) - 1;
    struct requantizer r[4];
    if (output->kind == 0)
      for (int j = 0; j < 4; j++) r[j] = requantizer_of(q + 48 * j);
    for (size_t i = 0; i < m; i++) {
      __m512i sums[4];
      for (int j = 0; j < 4; j++) sums[j] = _mm512_loadu_si512(q + 48 * j);
      for (size_t t = 0; t < taps; t += 4) {
        // The last group repeats its last tap, under zero weights.
        const size_t last = taps - 1 - t;
        const uint8_t *const *rows = a + t * m + i;
        four_taps(
            sums, _mm512_maskz_loadu_epi8(mask, rows[0] + k),
            _mm512_maskz_loadu_epi8(mask, rows[(last < 1 ? last : 1) * m] + k),
            _mm512_maskz_loadu_epi8(mask, rows[(last < 2 ? last : 2) * m] + k),
            _mm512_maskz_loadu_epi8(mask, rows[(last < 3 ? last : 3) * m] + k), w + t * 64);
      }
      if (output->kind == 0)
        store_bytes(sums, r, (uint8_t *)c + i * ldc + k, mask, output);
      else
        store_floats(sums, q, (float *)c + i * ldc + k, mask, output);
    }
  }
}

#pragma clang attribute pop
#endif
