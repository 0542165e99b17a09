#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"
#include "../qgemm/requantize_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

/// Four by four transposition of the 32-bit words of each quarter.
INLINE void turn_words(__m512i r[4]) {
  const __m512i a = _mm512_unpacklo_epi32(r[0], r[1]), b = _mm512_unpackhi_epi32(r[0], r[1]);
  const __m512i c = _mm512_unpacklo_epi32(r[2], r[3]), d = _mm512_unpackhi_epi32(r[2], r[3]);
  r[0] = _mm512_unpacklo_epi64(a, c);
  r[1] = _mm512_unpackhi_epi64(a, c);
  r[2] = _mm512_unpacklo_epi64(b, d);
  r[3] = _mm512_unpackhi_epi64(b, d);
}

/// Four by four transposition of the bytes of each quarter.
INLINE __m512i turn_bytes(__m512i x) {
  const __m512i order = _mm512_broadcast_i32x4(
      _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  return _mm512_shuffle_epi8(x, order);
}

/// What is the same for every vector of a panel.
struct panel {
  const float *factors;
  const struct pare_qoutput *output;
  struct byte_range range;
  size_t n, ldc;
  __mmask16 mask;
};

/// The residual of 16 pixels: r[k], quarter l, has outputs 4 k to 4 k + 3 of pixels 4 l to 4 l + 3.
INLINE void load_residual(const struct panel *p, const uint8_t *c, size_t m, __m512i r[4]) {
  const uint8_t *from = residual_of(p->output, c);
  _Alignas(64) uint8_t rows[256];
  for (size_t i = 0; i < m; i++)
    _mm_store_si128(
        (__m128i *)(rows + 64 * (i % 4) + 16 * (i / 4)),
        p->mask == 0xFFFF ? _mm_loadu_si128((const __m128i *)(from + i * p->ldc))
                          : _mm_maskz_loadu_epi8(p->mask, from + i * p->ldc));
  UNROLL for (int i = 0; i < 4; i++) r[i] = _mm512_load_si512(rows + 64 * i);
  turn_words(r);
  UNROLL for (int i = 0; i < 4; i++) r[i] = turn_bytes(r[i]);
}

/// 16 pixels, m of them stored.
INLINE void vector(
    const int adds, const int whole, const struct panel *p, const int32_t *sums, size_t stride,
    uint8_t *c, size_t m) {
  const __m512i by_output = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  __m512i residual[4], r[4];
  if (adds) load_residual(p, c, m, residual);
  UNROLL for (int k = 0; k < 4; k++) {
    __m512 y[4];
    UNROLL for (int j = 0; j < 4; j++) {
      const size_t o = (size_t)(4 * k + j);
      y[j] = scaled(_mm512_load_si512(sums + o * stride), _mm512_set1_ps(p->factors[o]));
    }
    if (adds) {
      const __m512i bytes = _mm512_permutexvar_epi32(by_output, residual[k]);
      y[0] = _mm512_add_ps(y[0], residual_term(_mm512_castsi512_si128(bytes), &p->range));
      y[1] = _mm512_add_ps(y[1], residual_term(_mm512_extracti32x4_epi32(bytes, 1), &p->range));
      y[2] = _mm512_add_ps(y[2], residual_term(_mm512_extracti32x4_epi32(bytes, 2), &p->range));
      y[3] = _mm512_add_ps(y[3], residual_term(_mm512_extracti32x4_epi32(bytes, 3), &p->range));
    }
    __m512i words[4];
    UNROLL for (int j = 0; j < 4; j++) words[j] = rounded(y[j], &p->range);
    r[k] = turn_bytes(bytes_of(words, &p->range));
  }
  turn_words(r);
  if (whole) {
    UNROLL for (size_t i = 0; i < 4; i++) {
      _mm_storeu_si128((__m128i *)(c + i * p->ldc), _mm512_castsi512_si128(r[i]));
      _mm_storeu_si128((__m128i *)(c + (4 + i) * p->ldc), _mm512_extracti32x4_epi32(r[i], 1));
      _mm_storeu_si128((__m128i *)(c + (8 + i) * p->ldc), _mm512_extracti32x4_epi32(r[i], 2));
      _mm_storeu_si128((__m128i *)(c + (12 + i) * p->ldc), _mm512_extracti32x4_epi32(r[i], 3));
    }
    return;
  }
  _Alignas(64) uint8_t rows[256];
  UNROLL for (size_t i = 0; i < 4; i++) _mm512_store_si512(rows + 64 * i, r[i]);
  for (size_t i = 0; i < m; i++)
    memcpy(c + i * p->ldc, rows + 64 * (i % 4) + 16 * (i / 4), p->n);
}

INLINE void bytes(
    const int adds, const struct panel *p, size_t m, const int32_t *sums, size_t stride,
    uint8_t *c) {
  for (; m >= 16 && p->mask == 0xFFFF; m -= 16, sums += 16, c += 16 * p->ldc)
    vector(adds, 1, p, sums, stride, c, 16);
  for (; m; sums += 16, c += 16 * p->ldc) {
    const size_t count = m < 16 ? m : 16;
    vector(adds, 0, p, sums, stride, c, count);
    m -= count;
  }
}

/// Floats are stored one by one: this is the last layer of a network, if any.
static void floats(
    size_t m, size_t n, const int32_t *sums, size_t stride, const int32_t *q, float *c, size_t ldc,
    const struct pare_qoutput *o) {
  for (size_t j = 0; j < n; j++) {
    float factor, bias;
    memcpy(&factor, q + 16 + j, 4);
    memcpy(&bias, q + 32 + j, 4);
    for (size_t i = 0; i < m; i++) {
      const float product = (float)sums[j * stride + i] * factor;
      float y = product + bias;
      y = y < o->float_min ? o->float_min : y;
      c[i * ldc + j] = o->float_max < y ? o->float_max : y;
    }
  }
}

void pare_finish_u8s8_16x16__avx512vnni(
    size_t m, size_t n, const int32_t *sums, size_t stride, const int32_t *q, void *c, size_t ldc,
    const struct pare_qoutput *output) {
  if (output->kind == 1) return floats(m, n, sums, stride, q, c, ldc, output);
  const struct panel p = {
      (const float *)(q + 16), output, byte_range_of(output), n, ldc, mask16(n)};
  if (output->residual)
    bytes(1, &p, m, sums, stride, c);
  else
    bytes(0, &p, m, sums, stride, c);
}

#pragma clang attribute pop
#endif
