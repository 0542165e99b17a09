#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define NAME pare_spmm_f32_128x1__neon
#define WEIGHT float
#define START float
#define SUM float32x4_t
#define PER 4
#define LOAD_SUM(pointer) vld1q_f32((const float *)(pointer))
#define STORE_SUM(pointer, y) vst1q_f32((float *)(pointer), y)
#define SPREAD(start) vdupq_n_f32(start)
#define ZERO vdupq_n_f32(0)
#define ADD(a, b) vaddq_f32(a, b)
#define FOUR float32x4_t
#define LOAD_FOUR(pointer) vld1q_f32(pointer)
#define LOAD_ONE(pointer) vld1q_dup_f32(pointer)
#define MULTIPLY_ADD(sum, pixels, four, k) \
  vfmaq_laneq_f32(sum, vld1q_f32((const float *)(pixels)), four, k)

#include "spmm_narrow.h"
#endif
