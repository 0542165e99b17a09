#include "kernels.h"

#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF

#include "../qgemm/store_u8s8_neon.h"

void pare_finish_u8s8_1x16__neon(
    size_t m, size_t n, const int32_t *sums, const int32_t *q, void *c, size_t ldc,
    const struct pare_qoutput *output) {
  if (output->kind == 1)
    store_floats(m, n, sums, q, (float *)c, ldc, output);
  else
    store_bytes(m, n, sums, q, (uint8_t *)c, ldc, output);
}

#define NAME pare_finish_f32_1x16__neon
#include "finish_f32.h"

#endif
