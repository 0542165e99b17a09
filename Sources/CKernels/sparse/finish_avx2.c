#include "kernels.h"

#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "../layout/turn8_avx2.h"
#include "../qgemm/store_u8s8_avx2.h"

INLINE void turn(const uint32_t *sums, size_t stride, uint32_t *memory) {
  for (size_t o = 0; o < 16; o += 8)
    for (size_t i = 0; i < 16; i += 8) {
      __m256i r[8];
      UNROLL for (size_t j = 0; j < 8; j++) r[j] =
          _mm256_load_si256((const __m256i *)(sums + (o + j) * stride + i));
      turn8(r);
      UNROLL for (size_t j = 0; j < 8; j++)
        _mm256_store_si256((__m256i *)(memory + 16 * (i + j) + o), r[j]);
    }
}

#define KERNEL(name) name##__avx2
#include "finish.h"

#pragma clang attribute pop
#endif
