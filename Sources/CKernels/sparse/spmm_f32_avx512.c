#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#define WEIGHT float
#define START float
#define SUM __m512
#define LOAD_SUM(pointer) _mm512_load_ps(pointer)
#define STORE_SUM(pointer, y) _mm512_store_ps(pointer, y)
#define SPREAD(start) _mm512_set1_ps(start)
#define ZERO _mm512_setzero_ps()
#define ADD(a, b) _mm512_add_ps(a, b)
#define MULTIPLY_ADD(sums, pixels, weight, v)                                              \
  {                                                                                        \
    const __m512 one = _mm512_set1_ps(*(weight));                                          \
    UNROLL for (size_t j = 0; j < v; j++)(sums)[j] =                                       \
        _mm512_fmadd_ps(_mm512_load_ps((const float *)(pixels) + 16 * j), one, (sums)[j]); \
  }

#include "spmm_avx512.h"

void pare_spmm_f32_128x1__avx512(
    size_t vectors, size_t n, const float *start, const uint16_t *counts, const uint16_t *indices,
    const float *w, const void *x, float *sums) {
  all_outputs(vectors, n, start, counts, indices, w, x, sums);
}

/// Stores the sums of up to 16 outputs.
void pare_finish_f32_1x16__avx512(
    size_t m, size_t n, const float *sums, const float *residual, float *c, size_t ldc, float min,
    float max) {
  const __mmask16 mask = n >= 16 ? 0xFFFF : (__mmask16)((1u << n) - 1);
  const __m512 least = _mm512_set1_ps(min), most = _mm512_set1_ps(max);
  for (size_t i = 0; i < m; i++, sums += 16, c += ldc) {
    __m512 y = _mm512_load_ps(sums);
    if (residual) {
      y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, residual));
      residual += ldc;
    }
    y = _mm512_min_ps(most, _mm512_max_ps(least, y));
    if (mask == 0xFFFF)
      _mm512_storeu_ps(c, y);
    else
      _mm512_mask_storeu_ps(c, mask, y);
  }
}

#pragma clang attribute pop
#endif
