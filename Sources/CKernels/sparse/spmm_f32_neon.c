#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define NAME pare_spmm_f32_128x2__neon
#define WEIGHT float
#define SUM float32x4_t
#define PER 4
#define LOAD_SUM(pointer) vld1q_f32((const float *)(pointer))
#define STORE_SUM(pointer, y) vst1q_f32((float *)(pointer), y)
#define SPREAD(start) vdupq_n_f32(start)
#define PIXELS float32x4_t
#define LOAD(pointer) vld1q_f32((const float *)(pointer))
#define SOME float32x4_t
#define LOAD_FOUR(pointer) vld1q_f32(pointer)
#define MULTIPLY_ADD(sum, x, some, k) vfmaq_laneq_f32(sum, x, some, k)

#include "spmm_narrow.h"
#endif
