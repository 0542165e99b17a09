#include "kernels.h"

#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("+dotprod"))), apply_to = function)

#include "products_neondot.h"
#include "tiles_u8s8_neon.h"

// Five rows: with six, lowering the activations takes the compiler a register too many.
void pare_igemm_u8s8_5x16__neondot(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  const struct arguments g = {n, taps, quads, a, b, b_stride, q, c, ldc, output};
  rows(5, m, &g);
}

void pare_igemm_u8s8_1x64__neondot(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  if (m && n) one_row((struct arguments){n, taps, quads, a, b, b_stride, q, c, ldc, output});
}

#pragma clang attribute pop
#endif
