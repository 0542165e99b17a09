#include "kernels.h"

#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

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
    case 3: EACH(v * sigmoid(v));
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

#define BOTH(expression)                                      \
  if (b_step) {                                               \
    for (size_t i = 0; i < count; i++) {                      \
      const float v = a[i], w = b[i];                         \
      y[i] = clamped((expression), min, max);                 \
    }                                                         \
  } else {                                                    \
    const float w = *b;                                       \
    for (size_t i = 0; i < count; i++) {                      \
      const float v = a[i];                                   \
      y[i] = clamped((expression), min, max);                 \
    }                                                         \
  }                                                           \
  return

void pare_binary_f32_16__avx512(
    int operation, size_t count, const float *a, const float *b, size_t b_step, float *y,
    float min, float max) {
  switch (operation) {
    case 0: BOTH(v + w);
    case 1: BOTH(v - w);
    case 2: BOTH(v * w);
    case 3: BOTH(v / w);
    case 4: BOTH(w < v ? w : v);
    case 5: BOTH(v < w ? w : v);
    default: return;
  }
}

#pragma clang attribute pop
#endif
