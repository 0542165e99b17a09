// Nothing but multiply-adds, and nothing but loads and stores: what a core gives at most.
#include "kernels.h"
#if defined(__aarch64__)
#include <arm_neon.h>

enum { chains = 16 };

void pare_probe_f32_16x4__neon(size_t rounds, const void *operands, void *sums) {
  const float32x4_t a = vld1q_f32(operands);
  const float32x4_t b = vld1q_f32((const float *)operands + 4);
  float32x4_t chain[chains];
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) chain[i] = vdupq_n_f32(0);
  for (size_t round = 0; round < rounds; round++)
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) chain[i] = vfmaq_f32(chain[i], a, b);
  float32x4_t sum = chain[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < chains; i++) sum = vaddq_f32(sum, chain[i]);
  vst1q_f32(sums, sum);
}

void pare_probe_update_1x64__neon(size_t rounds, const void *operands, void *memory) {
  const uint8x16_t b = vld1q_u8(operands);
  uint8_t *quarter = memory;
  for (size_t round = 0; round < 4 * rounds; round++, quarter += 16)
    vst1q_u8(quarter, veorq_u8(b, vld1q_u8(quarter)));
}

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

void pare_probe_u8s8_16x16__neondot(size_t rounds, const void *operands, void *sums) {
  const int8x16_t a = vld1q_s8(operands);
  const int8x16_t b = vld1q_s8((const int8_t *)operands + 16);
  int32x4_t chain[chains];
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) chain[i] = vdupq_n_s32(0);
  for (size_t round = 0; round < rounds; round++)
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) chain[i] = vdotq_s32(chain[i], a, b);
  int32x4_t sum = chain[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < chains; i++) sum = vaddq_s32(sum, chain[i]);
  vst1q_s32(sums, sum);
}

#pragma clang attribute pop
#endif
