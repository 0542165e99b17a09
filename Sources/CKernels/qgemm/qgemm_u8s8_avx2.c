#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "products_avx2.h"
#include "tiles_u8s8_avx2.h"

// Four rows: widened weights and activations take registers too.
void pare_igemm_u8s8_4x16__avx2(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  const struct arguments g = {n, taps, quads, a, b, b_stride, q, c, ldc, output};
  switch (m) {
    case 1: return tile(1, 1, &g);
    case 2: return tile(2, 1, &g);
    case 3: return tile(3, 1, &g);
    case 4: return tile(4, 1, &g);
    default: return;
  }
}

void pare_igemm_u8s8_1x64__avx2(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  if (m && n) one_row((struct arguments){n, taps, quads, a, b, b_stride, q, c, ldc, output});
}

#pragma clang attribute pop
#endif
