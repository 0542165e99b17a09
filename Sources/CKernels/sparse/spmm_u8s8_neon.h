// A sparse product of bytes with NEON, weights in the lanes of a register: included after the products of an
// instruction set. Where activations are taken 128 lower, they lie so in memory.
#define WEIGHT int32_t
#define SUM int32x4_t
#define PER 4
#define LOAD_SUM(pointer) vld1q_s32((const int32_t *)(pointer))
#define STORE_SUM(pointer, y) vst1q_s32((int32_t *)(pointer), y)
#define SPREAD(start) vdupq_n_s32(start)
#define PIXELS WEIGHTED
#define LOAD(pointer) LOAD_WEIGHTED(pointer)
#define SOME int8x16_t
#define LOAD_FOUR(pointer) vreinterpretq_s8_s32(vld1q_s32(pointer))
#define MULTIPLY_ADD(sum, x, some, k) PRODUCTS_OF_LANE(sum, some, x, k)

#include "spmm_narrow.h"
