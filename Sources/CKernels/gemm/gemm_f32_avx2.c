#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

struct arguments {
  size_t n, taps, channels;
  const float *const *a;
  const float *b, *bias, *residual;
  float *c;
  size_t ldc;
  float min, max;
};

/// m rows by 16 columns in registers; m is a constant after inlining.
static inline __attribute__((always_inline)) void tile(const size_t m, const struct arguments *g) {
  const float *const *a = g->a;
  const float *b = g->b;
  __m256 low[6], high[6];
  UNROLL for (size_t i = 0; i < m; i++) {
    low[i] = _mm256_loadu_ps(g->bias);
    high[i] = _mm256_loadu_ps(g->bias + 8);
  }
  for (size_t t = 0; t < g->taps; t++, a += m)
    for (size_t k = 0; k < g->channels; k++, b += 16) {
      const __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8);
      UNROLL for (size_t i = 0; i < m; i++) {
        const __m256 x = _mm256_broadcast_ss(a[i] + k);
        low[i] = _mm256_fmadd_ps(x, b0, low[i]);
        high[i] = _mm256_fmadd_ps(x, b1, high[i]);
      }
    }
  const __m256 min = _mm256_set1_ps(g->min), max = _mm256_set1_ps(g->max);
  if (g->n == 16) {
    UNROLL for (size_t i = 0; i < m; i++) {
      float *c = g->c + i * g->ldc;
      if (g->residual) {
        low[i] = _mm256_add_ps(low[i], _mm256_loadu_ps(g->residual + i * g->ldc));
        high[i] = _mm256_add_ps(high[i], _mm256_loadu_ps(g->residual + i * g->ldc + 8));
      }
      _mm256_storeu_ps(c, _mm256_min_ps(max, _mm256_max_ps(min, low[i])));
      _mm256_storeu_ps(c + 8, _mm256_min_ps(max, _mm256_max_ps(min, high[i])));
    }
    return;
  }
  float sums[6 * 16];
  UNROLL for (size_t i = 0; i < m; i++) {
    _mm256_storeu_ps(sums + 16 * i, low[i]);
    _mm256_storeu_ps(sums + 16 * i + 8, high[i]);
  }
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < g->n; j++) {
      float y = sums[16 * i + j];
      if (g->residual) y += g->residual[i * g->ldc + j];
      y = y < g->min ? g->min : y;
      g->c[i * g->ldc + j] = g->max < y ? g->max : y;
    }
}

void pare_igemm_f32_6x16__avx2(
    size_t m, size_t n, size_t taps, size_t channels, const float *const *a, const float *b,
    size_t b_stride, const float *bias, const float *residual, float *c, size_t ldc, float min,
    float max) {
  (void)b_stride;
  const struct arguments g = {n, taps, channels, a, b, bias, residual, c, ldc, min, max};
  switch (m) {
    case 1: return tile(1, &g);
    case 2: return tile(2, &g);
    case 3: return tile(3, &g);
    case 4: return tile(4, &g);
    case 5: return tile(5, &g);
    case 6: return tile(6, &g);
    default: return;
  }
}

#pragma clang attribute pop
#endif
