// Products of unsigned and signed bytes, four to a 32-bit lane, with FEAT_I8MM.
#pragma once
#include <arm_neon.h>

typedef uint8x16_t activations;

static inline __attribute__((always_inline)) activations activations_of(uint8x16_t x) { return x; }

#define PRODUCTS_BY_LANE(sum, w, x, lane) vsudotq_laneq_s32(sum, w, x, lane)
#define PRODUCTS(sum, w, x) vusdotq_s32(sum, x, w)
// Weights are the lane here, and activations the vector.
#define WEIGHTED uint8x16_t
#define LOAD_WEIGHTED(pointer) vld1q_u8((const uint8_t *)(pointer))
#define PRODUCTS_OF_LANE(sum, w, x, lane) vusdotq_laneq_s32(sum, x, w, lane)
