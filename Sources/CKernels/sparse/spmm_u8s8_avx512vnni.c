#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#define WEIGHT int32_t
#define START int32_t
#define SUM __m512i
#define LOAD_SUM(pointer) _mm512_load_si512(pointer)
#define STORE_SUM(pointer, y) _mm512_store_si512(pointer, y)
#define SPREAD(start) _mm512_set1_epi32(start)
#define ZERO _mm512_setzero_si512()
#define ADD(a, b) _mm512_add_epi32(a, b)
#define MULTIPLY_ADD(sums, pixels, weight, v)                                        \
  {                                                                                  \
    const __m512i quad = _mm512_set1_epi32(*(weight));                               \
    UNROLL for (size_t j = 0; j < v; j++)(sums)[j] =                                 \
        _mm512_dpbusd_epi32((sums)[j], _mm512_load_si512((pixels) + 64 * j), quad);  \
  }

#include "spmm_avx512.h"

void pare_spmm_u8s8_128x1__avx512vnni(
    size_t vectors, size_t n, const int32_t *start, const uint16_t *counts,
    const uint16_t *indices, const int32_t *w, const void *x, int32_t *sums) {
  all_outputs(vectors, n, start, counts, indices, w, x, sums);
}

#pragma clang attribute pop
#endif
