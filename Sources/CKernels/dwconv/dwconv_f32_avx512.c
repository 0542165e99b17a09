#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")

struct arguments {
  size_t channels, taps;
  const float *const *a;
  const float *w, *bias, *residual;
  float *c;
  size_t ldc;
  __m512 min, max;
};

/// m output pixels, all channels, 16 at a time; m is a constant after inlining.
static inline __attribute__((always_inline)) void pixels(
    const size_t m, const struct arguments *g) {
  const size_t taps = g->taps;
  const float *w = g->w;
  for (size_t k = 0; k < g->channels; k += 16) {
    const __mmask16 mask = mask16(g->channels - k);
    const float *const *a = g->a;
    __m512 sums[8];
    UNROLL for (size_t i = 0; i < m; i++) sums[i] = _mm512_loadu_ps(g->bias + k);
    for (size_t t = 0; t < taps; t++, a += m, w += 16) {
      const __m512 weight = _mm512_loadu_ps(w);
      UNROLL for (size_t i = 0; i < m; i++) sums[i] =
          _mm512_fmadd_ps(weight, _mm512_maskz_loadu_ps(mask, a[i] + k), sums[i]);
    }
    UNROLL for (size_t i = 0; i < m; i++) {
      const size_t at = i * g->ldc + k;
      __m512 y = sums[i];
      if (g->residual) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, g->residual + at));
      store_f32(g->c + at, mask, _mm512_min_ps(g->max, _mm512_max_ps(g->min, y)));
    }
  }
}

void pare_dwconv_f32_8x16__avx512(
    size_t m, size_t channels, size_t taps, const float *const *a, const float *w,
    const float *bias, const float *residual, float *c, size_t ldc, float min, float max) {
  const struct arguments g = {channels, taps, a, w, bias, residual, c, ldc, _mm512_set1_ps(min),
                              _mm512_set1_ps(max)};
  switch (m) {
    case 1: return pixels(1, &g);
    case 2: return pixels(2, &g);
    case 3: return pixels(3, &g);
    case 4: return pixels(4, &g);
    case 5: return pixels(5, &g);
    case 6: return pixels(6, &g);
    case 7: return pixels(7, &g);
    case 8: return pixels(8, &g);
    default: return;
  }
}

#pragma clang attribute pop
#endif
