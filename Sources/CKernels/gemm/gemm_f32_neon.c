#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

struct arguments {
  size_t n, taps, channels;
  const float *const *a;
  const float *b;
  size_t b_stride;
  const float *bias, *residual;
  float *c;
  size_t ldc;
  float min, max;
};

/// Returns `y` held within the bounds; what is not a number stays so.
INLINE float32x4_t held(float32x4_t y, float min, float max) {
  const float32x4_t low = vdupq_n_f32(min), high = vdupq_n_f32(max);
  y = vbslq_f32(vcltq_f32(y, low), low, y);
  return vbslq_f32(vcltq_f32(high, y), high, y);
}

/// One step of m rows times v vectors of columns, from lane `lane` of the rows.
#define STEP(lane)                                                              \
  UNROLL for (size_t j = 0; j < v; j++) {                                       \
    const float32x4_t columns = vld1q_f32(b + j / 4 * g->b_stride + j % 4 * 4); \
    UNROLL for (size_t i = 0; i < m; i++) sums[i * v + j] =                     \
        vfmaq_laneq_f32(sums[i * v + j], columns, x[i], lane);                  \
  }                                                                             \
  b += 16

/// m rows by v vectors of 4 columns in registers; m and v are constants after inlining.
INLINE void tile(const size_t m, const size_t v, const struct arguments *g) {
  const float *const *a = g->a;
  const float *b = g->b;
  float32x4_t sums[24];
  UNROLL for (size_t j = 0; j < v; j++) {
    const float32x4_t bias = vld1q_f32(g->bias + 4 * j);
    UNROLL for (size_t i = 0; i < m; i++) sums[i * v + j] = bias;
  }
  for (size_t t = 0; t < g->taps; t++, a += m) {
    float32x4_t x[6];
    size_t k = 0;
    for (; k + 4 <= g->channels; k += 4) {
      UNROLL for (size_t i = 0; i < m; i++) x[i] = vld1q_f32(a[i] + k);
      STEP(0);
      STEP(1);
      STEP(2);
      STEP(3);
    }
    for (; k < g->channels; k++) {
      UNROLL for (size_t i = 0; i < m; i++) x[i] = vld1q_dup_f32(a[i] + k);
      STEP(0);
    }
  }
  UNROLL for (size_t j = 0; j < v; j++) {
    if (4 * j >= g->n) return;
    const size_t left = g->n - 4 * j;
    UNROLL for (size_t i = 0; i < m; i++) {
      const size_t at = i * g->ldc + 4 * j;
      float32x4_t y = sums[i * v + j];
      if (g->residual) y = vaddq_f32(y, vld1q_f32(g->residual + at));
      y = held(y, g->min, g->max);
      if (left >= 4) {
        vst1q_f32(g->c + at, y);
        continue;
      }
      vst1q_lane_f32(g->c + at, y, 0);
      if (left > 1) vst1q_lane_f32(g->c + at + 1, y, 1);
      if (left > 2) vst1q_lane_f32(g->c + at + 2, y, 2);
    }
  }
}

void pare_igemm_f32_6x16__neon(
    size_t m, size_t n, size_t taps, size_t channels, const float *const *a, const float *b,
    size_t b_stride, const float *bias, const float *residual, float *c, size_t ldc, float min,
    float max) {
  const struct arguments g = {n, taps, channels, a, b, b_stride, bias, residual, c, ldc, min, max};
  switch (m) {
    case 1: return tile(1, 4, &g);
    case 2: return tile(2, 4, &g);
    case 3: return tile(3, 4, &g);
    case 4: return tile(4, 4, &g);
    case 5: return tile(5, 4, &g);
    case 6: return tile(6, 4, &g);
    default: return;
  }
}

/// One row: as many panels at once as there are, up to four; the speed is that of reading b.
void pare_igemm_f32_1x64__neon(
    size_t m, size_t n, size_t taps, size_t channels, const float *const *a, const float *b,
    size_t b_stride, const float *bias, const float *residual, float *c, size_t ldc, float min,
    float max) {
  struct arguments g = {n, taps, channels, a, b, b_stride, bias, residual, c, ldc, min, max};
  if (m != 1) return;
  for (size_t done = 0; done < n;) {
    const size_t left = n - done, panels = (left + 15) / 16;
    const size_t wide = panels < 4 ? panels : 4;
    g.n = left < 16 * wide ? left : 16 * wide;
    switch (wide) {
      case 1: tile(1, 4, &g); break;
      case 2: tile(1, 8, &g); break;
      case 3: tile(1, 12, &g); break;
      default: tile(1, 16, &g);
    }
    done += 16 * wide;
    g.b += wide * b_stride;
    g.bias += 16 * wide;
    g.c += 16 * wide;
    if (g.residual) g.residual += 16 * wide;
  }
}
#endif
