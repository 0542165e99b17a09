// Functions of one and of two floats as plain loops, for one instruction set: KERNEL(name) is its symbol.
#include "../plain.h"

#define EACH(expression)                        \
  EACH_ALONE for (size_t i = 0; i < count; i++) { \
    const float v = x[i];                       \
    y[i] = (expression);                        \
  }                                             \
  return

void KERNEL(pare_unary_f32)(int operation, size_t count, const float *x, float *y, float p, float q) {
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

#define ROWS(expression)                                                  \
  for (size_t r = 0; r < rows; r++, a += count, y += count, b += b_row) { \
    if (b_step) {                                                         \
      EACH_ALONE for (size_t i = 0; i < count; i++) {                     \
        const float v = a[i], w = b[i];                                   \
        y[i] = clamped((expression), min, max);                           \
      }                                                                   \
    } else {                                                              \
      const float w = *b;                                                 \
      EACH_ALONE for (size_t i = 0; i < count; i++) {                     \
        const float v = a[i];                                             \
        y[i] = clamped((expression), min, max);                           \
      }                                                                   \
    }                                                                     \
  }                                                                       \
  return

void KERNEL(pare_binary_f32)(
    int operation, size_t rows, size_t count, const float *a, const float *b, size_t b_row,
    size_t b_step, float *y, float min, float max) {
  switch (operation) {
    case 0: ROWS(v + w);
    case 1: ROWS(v - w);
    case 2: ROWS(v * w);
    case 3: ROWS(v / w);
    // What is not a number stays so when it comes first.
    case 4: ROWS(v < w ? v : v == v ? w : v);
    case 5: ROWS(v > w ? v : v == v ? w : v);
    case 6: ROWS(w - v);
    case 7: ROWS(w / v);
    default: return;
  }
}
