#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

struct arguments {
  size_t n, taps, quads;
  const uint8_t *const *a;
  const int8_t *b;
  const int32_t *q;
  void *c;
  size_t ldc;
  const struct pare_qoutput *output;
};

/// Stores one sum as Rescaling says.
INLINE void store(const struct arguments *g, size_t i, size_t j, int32_t sum) {
  const struct pare_qoutput *o = g->output;
  float factor, bias;
  memcpy(&factor, g->q + 16 + j, 4);
  memcpy(&bias, g->q + 32 + j, 4);
  const float product = (float)sum * factor;
  if (o->kind == 1) {
    float y = product + bias;
    y = y < o->float_min ? o->float_min : y;
    ((float *)g->c)[i * g->ldc + j] = o->float_max < y ? o->float_max : y;
    return;
  }
  uint8_t *c = (uint8_t *)g->c + i * g->ldc + j;
  float y = product;
  if (o->residual) {
    const int32_t centred = o->residual[c - (const uint8_t *)o->start] - o->residual_zero;
    const float term = (float)centred * o->residual_factor;
    y = product + term;
  }
  const float least = (float)(o->min - o->zero), most = (float)(o->max - o->zero);
  y = y < least ? least : y;
  y = most < y ? most : y;
  *c = (uint8_t)(_mm_cvtss_si32(_mm_set_ss(y)) + o->zero);
}

/// m rows by 16 columns in registers; m is a constant after inlining. Bytes are widened to 16 bits, the
/// even and the odd ones apart, so that no sum of products saturates.
INLINE void tile(const size_t m, const struct arguments *g) {
  const __m256i even = _mm256_set1_epi16(0xFF);
  const uint8_t *const *a = g->a;
  const int8_t *b = g->b;
  __m256i sums[4][2];
  UNROLL for (size_t i = 0; i < m; i++) {
    sums[i][0] = _mm256_loadu_si256((const __m256i *)g->q);
    sums[i][1] = _mm256_loadu_si256((const __m256i *)(g->q + 8));
  }
  for (size_t t = 0; t < g->taps; t++, a += m)
    for (size_t k = 0; k < g->quads; k++, b += 64) {
      __m256i low[2], high[2];
      UNROLL for (size_t j = 0; j < 2; j++) {
        const __m256i w = _mm256_loadu_si256((const __m256i *)(b + 32 * j));
        low[j] = _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8);
        high[j] = _mm256_srai_epi16(w, 8);
      }
      UNROLL for (size_t i = 0; i < m; i++) {
        int32_t word;
        memcpy(&word, a[i] + 4 * k, 4);
        const __m256i x = _mm256_set1_epi32(word);
        const __m256i x_low = _mm256_and_si256(x, even), x_high = _mm256_srli_epi16(x, 8);
        UNROLL for (size_t j = 0; j < 2; j++) {
          const __m256i two = _mm256_add_epi32(
              _mm256_madd_epi16(x_low, low[j]), _mm256_madd_epi16(x_high, high[j]));
          sums[i][j] = _mm256_add_epi32(sums[i][j], two);
        }
      }
    }
  int32_t memory[4 * 16];
  UNROLL for (size_t i = 0; i < m; i++) {
    _mm256_storeu_si256((__m256i *)(memory + 16 * i), sums[i][0]);
    _mm256_storeu_si256((__m256i *)(memory + 16 * i + 8), sums[i][1]);
  }
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < g->n; j++) store(g, i, j, memory[16 * i + j]);
}

void pare_igemm_u8s8_4x16__avx2(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  (void)b_stride;
  const struct arguments g = {n, taps, quads, a, b, q, c, ldc, output};
  switch (m) {
    case 1: return tile(1, &g);
    case 2: return tile(2, &g);
    case 3: return tile(3, &g);
    case 4: return tile(4, &g);
    default: return;
  }
}

#pragma clang attribute pop
#endif
