// A sparse product of bytes with NEON, four weights to a register: included after the products of an
// instruction set. Where activations are taken 128 lower, they lie so in memory.
#define WEIGHT int32_t
#define START int32_t
#define SUM int32x4_t
#define PER 4
#define LOAD_SUM(pointer) vld1q_s32((const int32_t *)(pointer))
#define STORE_SUM(pointer, y) vst1q_s32((int32_t *)(pointer), y)
#define SPREAD(start) vdupq_n_s32(start)
#define ZERO vdupq_n_s32(0)
#define ADD(a, b) vaddq_s32(a, b)
#define FOUR int8x16_t
#define LOAD_FOUR(pointer) vreinterpretq_s8_s32(vld1q_s32(pointer))
#define LOAD_ONE(pointer) vreinterpretq_s8_s32(vld1q_dup_s32(pointer))
#define MULTIPLY_ADD(sum, pixels, four, k) PRODUCTS_OF_LANE(sum, four, pixels, k)

#include "spmm_narrow.h"
