#include "kernels.h"

#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include <immintrin.h>

#include "../masks_avx512.h"
#include "polynomials.h"

// Plain loops: the compiler makes vectors of 16 lanes of them. Where x and y are one address it has to
// see that, or it takes them for overlapping and goes one by one.
#define EACH(expression)                        \
  if (x == y) {                                 \
    for (size_t i = 0; i < count; i++) {        \
      const float v = y[i];                     \
      y[i] = (expression);                      \
    }                                           \
    return;                                     \
  }                                             \
  for (size_t i = 0; i < count; i++) {          \
    const float v = x[i];                       \
    y[i] = (expression);                        \
  }                                             \
  return

void pare_unary_f32_16__avx512(
    int operation, size_t count, const float *x, float *y, float p, float q) {
  switch (operation) {
    case 0: EACH(clamped(v, p, q));
    case 1: EACH(sigmoid(v));
    case 2: EACH(hyperbolic_tangent(v));
    case 3: EACH(silu(v));
    case 4: EACH(v * clamped(v * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f));
    case 5: EACH(clamped(v * p + q, 0.0f, 1.0f));
    case 6: EACH(0.5f * v * (1.0f + error_function(v * 0.70710678f)));
    case 7: EACH(v < 0.0f ? v * p : v);
    case 8: EACH(exponential(v));
    case 9: EACH(error_function(v));
    case 10: EACH(v * p + q);
    default: return;
  }
}

/// Returns `other`, or v where v is not a number.
INLINE __m512 known_or(__m512 v, __m512 other) {
  return _mm512_mask_mov_ps(other, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), v);
}

/// The vectors of one row; `b_step` is constant after inlining.
#define EACH_PAIR(step, expression)                                              \
  for (size_t i = 0; i < count; i += 16) {                                       \
    const __mmask16 mask = mask16(count - i);                                    \
    const __m512 v = _mm512_maskz_loadu_ps(mask, a + i);                         \
    const __m512 w = (step) ? _mm512_maskz_loadu_ps(mask, b + i) : one;          \
    store_f32(y + i, mask, _mm512_min_ps(high, _mm512_max_ps(low, (expression)))); \
  }

#define ROWS(expression)                                                    \
  for (size_t r = 0; r < rows; r++, a += count, y += count, b += b_row) {   \
    const __m512 one = _mm512_set1_ps(*b);                                  \
    if (b_step) {                                                           \
      EACH_PAIR(1, expression)                                              \
    } else {                                                                \
      EACH_PAIR(0, expression)                                              \
    }                                                                       \
  }                                                                         \
  return

void pare_binary_f32_16__avx512(
    int operation, size_t rows, size_t count, const float *a, const float *b, size_t b_row,
    size_t b_step, float *y, float min, float max) {
  const __m512 low = _mm512_set1_ps(min), high = _mm512_set1_ps(max);
  switch (operation) {
    case 0: ROWS(_mm512_add_ps(v, w));
    case 1: ROWS(_mm512_sub_ps(v, w));
    case 2: ROWS(_mm512_mul_ps(v, w));
    case 3: ROWS(_mm512_div_ps(v, w));
    case 4: ROWS(known_or(v, _mm512_min_ps(v, w)));
    case 5: ROWS(known_or(v, _mm512_max_ps(v, w)));
    case 6: ROWS(_mm512_sub_ps(w, v));
    case 7: ROWS(_mm512_div_ps(w, v));
    default: return;
  }
}

void pare_affine_f32_16__avx512(
    size_t rows, size_t count, const float *x, const float *scale, const float *bias, float *y,
    float min, float max) {
  const __m512 low = _mm512_set1_ps(min), high = _mm512_set1_ps(max);
  for (size_t r = 0; r < rows; r++, x += count, y += count)
    for (size_t i = 0; i < count; i += 16) {
      const __mmask16 mask = mask16(count - i);
      const __m512 v = _mm512_add_ps(
          _mm512_mul_ps(
              _mm512_maskz_loadu_ps(mask, x + i), _mm512_maskz_loadu_ps(mask, scale + i)),
          _mm512_maskz_loadu_ps(mask, bias + i));
      store_f32(y + i, mask, _mm512_min_ps(high, _mm512_max_ps(low, v)));
    }
}

#pragma clang attribute pop
#endif
