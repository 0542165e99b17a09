#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

struct arguments {
  size_t n, taps, channels;
  const float *const *a;
  const float *b;
  size_t b_stride;
  const float *bias, *residual;
  float *c;
  size_t ldc;
  float min, max;
};

/// Stores the first n of 8 columns of m rows.
INLINE void finish(
    const size_t m, size_t n, const __m256 sums[], const size_t step, const struct arguments *g,
    size_t column) {
  const __m256 min = _mm256_set1_ps(g->min), max = _mm256_set1_ps(g->max);
  UNROLL for (size_t i = 0; i < m; i++) {
    const size_t at = i * g->ldc + column;
    __m256 y = sums[i * step];
    if (g->residual) y = _mm256_add_ps(y, _mm256_loadu_ps(g->residual + at));
    y = _mm256_min_ps(max, _mm256_max_ps(min, y));
    if (n >= 8) {
      _mm256_storeu_ps(g->c + at, y);
    } else {
      float memory[8];
      _mm256_storeu_ps(memory, y);
      for (size_t j = 0; j < n; j++) g->c[at + j] = memory[j];
    }
  }
}

/// m rows by v vectors of 8 columns in registers; m and v are constants after inlining.
INLINE void tile(const size_t m, const size_t v, const struct arguments *g) {
  const float *const *a = g->a;
  const float *b = g->b;
  __m256 sums[12];
  UNROLL for (size_t j = 0; j < v; j++) {
    const __m256 bias = _mm256_loadu_ps(g->bias + 8 * j);
    UNROLL for (size_t i = 0; i < m; i++) sums[i * v + j] = bias;
  }
  for (size_t t = 0; t < g->taps; t++, a += m)
    for (size_t k = 0; k < g->channels; k++, b += 16) {
      __m256 columns[8];
      UNROLL for (size_t j = 0; j < v; j++) columns[j] =
          _mm256_loadu_ps(b + j / 2 * g->b_stride + j % 2 * 8);
      UNROLL for (size_t i = 0; i < m; i++) {
        const __m256 x = _mm256_broadcast_ss(a[i] + k);
        UNROLL for (size_t j = 0; j < v; j++) sums[i * v + j] =
            _mm256_fmadd_ps(x, columns[j], sums[i * v + j]);
      }
    }
  UNROLL for (size_t j = 0; j < v; j++) {
    if (8 * j < g->n) finish(m, g->n - 8 * j, sums + j, v, g, 8 * j);
  }
}

/// One panel, or half of it where the rest has no columns.
#define ROWS(m)                    \
  case m:                          \
    if (n > 8) return tile(m, 2, &g); \
    return tile(m, 1, &g)

void pare_igemm_f32_6x16__avx2(
    size_t m, size_t n, size_t taps, size_t channels, const float *const *a, const float *b,
    size_t b_stride, const float *bias, const float *residual, float *c, size_t ldc, float min,
    float max) {
  const struct arguments g = {n, taps, channels, a, b, b_stride, bias, residual, c, ldc, min, max};
  switch (m) {
    ROWS(1);
    ROWS(2);
    ROWS(3);
    ROWS(4);
    ROWS(5);
    ROWS(6);
    default: return;
  }
}

/// One row: as many panels at once as there are, up to four; the speed is that of reading b.
void pare_igemm_f32_1x64__avx2(
    size_t m, size_t n, size_t taps, size_t channels, const float *const *a, const float *b,
    size_t b_stride, const float *bias, const float *residual, float *c, size_t ldc, float min,
    float max) {
  struct arguments g = {n, taps, channels, a, b, b_stride, bias, residual, c, ldc, min, max};
  if (m != 1) return;
  for (size_t done = 0; done < n;) {
    const size_t left = n - done, panels = (left + 15) / 16;
    const size_t wide = panels < 4 ? panels : 4;
    g.n = left < 16 * wide ? left : 16 * wide;
    switch (wide) {
      case 1: tile(1, 2, &g); break;
      case 2: tile(1, 4, &g); break;
      case 3: tile(1, 6, &g); break;
      default: tile(1, 8, &g);
    }
    done += 16 * wide;
    g.b += wide * b_stride;
    g.bias += 16 * wide;
    g.c += 16 * wide;
    if (g.residual) g.residual += 16 * wide;
  }
}

#pragma clang attribute pop
#endif
