#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#define WEIGHT float
#define SUM __m512
#define LOAD_SUM(pointer) _mm512_load_ps(pointer)
#define STORE_SUM(pointer, y) _mm512_store_ps(pointer, y)
#define SPREAD(number) _mm512_set1_ps(number)
#define PIXELS __m512
#define LOAD(pointer) _mm512_load_ps(pointer)
#define MULTIPLY_ADD(sum, x, weight) _mm512_fmadd_ps(x, weight, sum)

#include "../layout/turn16_avx512.h"
#include "../masks_avx512.h"
#include "spmm_avx512.h"

void pare_spmm_f32_128x2__avx512(
    size_t vectors, const float *start, const struct pare_sparse_pair *pair,
    const uint16_t *indices, const float *w, const void *x, float *sums) {
  all_pairs(vectors, start, pair, indices, w, x, sums);
}

void pare_finish_f32_16x16__avx512(
    size_t m, size_t n, const float *sums, size_t stride, const float *residual, float *c,
    size_t ldc, float min, float max) {
  const __mmask16 mask = mask16(n);
  const __m512 least = _mm512_set1_ps(min), most = _mm512_set1_ps(max);
  for (size_t done = 0; done < m; done += 16) {
    __m512i r[16];
    UNROLL for (size_t o = 0; o < 16; o++) r[o] = _mm512_load_si512(sums + o * stride + done);
    turn16(r);
    const size_t count = m - done < 16 ? m - done : 16;
    _Alignas(64) float rows[256];
    UNROLL for (size_t i = 0; i < 16; i++) _mm512_store_si512(rows + 16 * i, r[i]);
    for (size_t i = 0; i < count; i++) {
      __m512 y = _mm512_load_ps(rows + 16 * i);
      if (residual)
        y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, residual + (done + i) * ldc));
      store_f32(c + (done + i) * ldc, mask, _mm512_min_ps(most, _mm512_max_ps(least, y)));
    }
  }
}

#pragma clang attribute pop
#endif
