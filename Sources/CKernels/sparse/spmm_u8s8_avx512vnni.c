#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#define WEIGHT int32_t
#define SUM __m512i
#define LOAD_SUM(pointer) _mm512_load_si512(pointer)
#define STORE_SUM(pointer, y) _mm512_store_si512(pointer, y)
#define SPREAD(number) _mm512_set1_epi32(number)
#define PIXELS __m512i
#define LOAD(pointer) _mm512_load_si512(pointer)
#define MULTIPLY_ADD(sum, x, weight) _mm512_dpbusd_epi32(sum, x, weight)

#include "spmm_avx512.h"

void pare_spmm_u8s8_128x2__avx512vnni(
    size_t vectors, const int32_t *start, const struct pare_sparse_pair *pair,
    const uint16_t *indices, const int32_t *w, const void *x, int32_t *sums) {
  all_pairs(vectors, start, pair, indices, w, x, sums);
}

#pragma clang attribute pop
#endif
