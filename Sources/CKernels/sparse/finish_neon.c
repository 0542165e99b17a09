#include "kernels.h"

#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF

#include "../layout/turn4_neon.h"
#include "../qgemm/store_u8s8_neon.h"

INLINE void turn(const uint32_t *sums, size_t stride, uint32_t *memory) {
  for (size_t o = 0; o < 16; o += 4)
    for (size_t i = 0; i < 16; i += 4) {
      uint32x4_t r[4];
      UNROLL for (size_t j = 0; j < 4; j++) r[j] = vld1q_u32(sums + (o + j) * stride + i);
      turn4(r);
      UNROLL for (size_t j = 0; j < 4; j++) vst1q_u32(memory + 16 * (i + j) + o, r[j]);
    }
}

#define KERNEL(name) name##__neon
#include "finish.h"
#endif
