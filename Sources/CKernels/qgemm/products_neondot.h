// Products of unsigned and signed bytes, four to a 32-bit lane, where the processor has products of
// signed bytes only: activations are taken 128 lower, and start values hold 128 times the sums of the
// weights for it (InstructionSet.activationOffset).
#pragma once
#include <arm_neon.h>

typedef int8x16_t activations;

static inline __attribute__((always_inline)) activations activations_of(uint8x16_t x) {
  return vreinterpretq_s8_u8(veorq_u8(x, vdupq_n_u8(0x80)));
}

#define PRODUCTS_BY_LANE(sum, w, x, lane) vdotq_laneq_s32(sum, w, x, lane)
#define PRODUCTS(sum, w, x) vdotq_s32(sum, w, x)
// Weights are the lane here, and activations, 128 lower in memory, the vector.
#define WEIGHTED int8x16_t
#define LOAD_WEIGHTED(pointer) vld1q_s8((const int8_t *)(pointer))
#define PRODUCTS_OF_LANE(sum, w, x, lane) vdotq_laneq_s32(sum, x, w, lane)
