#include "kernels.h"

#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "../qgemm/store_u8s8_avx2.h"

void pare_finish_u8s8_1x16__avx2(
    size_t m, size_t n, const int32_t *sums, const int32_t *q, void *c, size_t ldc,
    const struct pare_qoutput *output) {
  if (output->kind == 1)
    store_floats(m, n, sums, q, (float *)c, ldc, output);
  else
    store_bytes(m, n, sums, q, (uint8_t *)c, ldc, output);
}

#define NAME pare_finish_f32_1x16__avx2
#include "finish_f32.h"

#pragma clang attribute pop
#endif
