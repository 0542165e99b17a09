#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))
#define A float
#define B float
#define STEP 1
#define PANEL 16
#define SUM __m512
#define BROADCAST(pointer) _mm512_set1_ps(*(pointer))
#define LOAD(pointer) _mm512_loadu_ps(pointer)
#define MULTIPLY_ADD(sum, x, y) _mm512_fmadd_ps(x, y, sum)

struct epilogue {
  const float *bias;
  const float *residual;
  float *c;
  size_t ldc;
  float min, max;
};

INLINE __m512 start(const struct epilogue *e, size_t j) {
  return _mm512_loadu_ps(e->bias + 16 * j);
}

INLINE void finish(
    const size_t m, const size_t v, size_t n, __m512 sums[], const struct epilogue *e) {
  const __m512 min = _mm512_set1_ps(e->min), max = _mm512_set1_ps(e->max);
  UNROLL for (size_t j = 0; j < v; j++) {
    const size_t step = e->ldc;
    const __mmask16 mask = mask16(n - 16 * j);
    if (e->residual) {
      const float *residual = e->residual + 16 * j;
      UNROLL for (size_t i = 0; i < m; i++) sums[i * v + j] =
          _mm512_add_ps(sums[i * v + j], _mm512_maskz_loadu_ps(mask, residual + i * step));
    }
    float *c = e->c + 16 * j;
    UNROLL for (size_t i = 0; i < m; i++) store_f32(
        c + i * step, mask, _mm512_min_ps(max, _mm512_max_ps(min, sums[i * v + j])));
  }
}

static inline void advance(struct epilogue *e, size_t columns) {
  e->bias += columns;
  e->c += columns;
  if (e->residual) e->residual += columns;
}

#include "tiles_avx512.h"

void pare_igemm_f32_14x32__avx512(
    size_t m, size_t n, size_t taps, size_t channels, const float *const *a, const float *b,
    size_t b_stride, const float *bias, const float *residual, float *c, size_t ldc, float min,
    float max) {
  const struct epilogue e = {bias, residual, c, ldc, min, max};
  if (m && n) tiles[(n - 1) / 16][m - 1](n, taps, channels, a, b, b_stride, &e);
}

void pare_igemm_f32_9x48__avx512(
    size_t m, size_t n, size_t taps, size_t channels, const float *const *a, const float *b,
    size_t b_stride, const float *bias, const float *residual, float *c, size_t ldc, float min,
    float max) {
  const struct epilogue e = {bias, residual, c, ldc, min, max};
  if (m && n) tiles[(n - 1) / 16][m - 1](n, taps, channels, a, b, b_stride, &e);
}

void pare_igemm_f32_1x128__avx512(
    size_t m, size_t n, size_t taps, size_t channels, const float *const *a, const float *b,
    size_t b_stride, const float *bias, const float *residual, float *c, size_t ldc, float min,
    float max) {
  struct epilogue e = {bias, residual, c, ldc, min, max};
  if (m && n) one_row(n, taps, channels, a, b, b_stride, &e);
}

#pragma clang attribute pop
#endif
