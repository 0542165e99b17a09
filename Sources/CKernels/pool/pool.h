// Pooling as plain loops over blocks of channels that stay in registers, for one instruction set:
// KERNEL(name) is its symbol. Blocks are computed in full, from bytes that may be read past the last
// channel, and stored as far as there are channels.
#include "../plain.h"

enum { block = 32 };

/// Calls BODY with `at`, the address of each tap, in order.
#define EACH_TAP(type, first, BODY)                                        \
  for (size_t p = 0; p < w->planes; p++)                                   \
    for (size_t r = 0; r < w->rows; r++) {                                 \
      const type *at = (first) + p * w->plane_step + r * w->row_step;      \
      for (size_t t = 0; t < w->columns; t++, at += w->column_step) BODY   \
    }

#define EACH_LANE for (size_t j = 0; j < n; j++)

/// n channels of one window, n constant after inlining.
INLINE void floats(
    const size_t n, const struct pare_pool_windows *w, const float *x, float *values, float divisor) {
  float v[block];
  if (divisor < 0) {
    EACH_LANE v[j] = -__builtin_inff();
    EACH_TAP(float, x, { EACH_LANE v[j] = at[j] > v[j] ? at[j] : v[j]; })
  } else {
    EACH_LANE v[j] = 0;
    EACH_TAP(float, x, { EACH_LANE v[j] += at[j]; })
    EACH_LANE v[j] /= divisor;
  }
  EACH_LANE values[j] = v[j];
}

void KERNEL(pare_pool_f32)(
    const struct pare_pool_windows *w, const float *x, float *y, float divisor) {
  for (size_t i = 0; i < w->pixels; i++, x += w->pixel_step, y += w->channels) {
    size_t k = 0;
    for (; k + block <= w->channels; k += block) floats(block, w, x + k, y + k, divisor);
    for (; k + 8 <= w->channels; k += 8) floats(8, w, x + k, y + k, divisor);
    if (k < w->channels) {
      float values[8];
      floats(8, w, x + k, values, divisor);
      for (size_t j = 0; k + j < w->channels; j++) y[k + j] = values[j];
    }
  }
}

/// The greatest of n channels of bytes, n constant after inlining.
INLINE void greatest_bytes(
    const size_t n, const struct pare_pool_windows *w, const uint8_t *x, uint8_t *values) {
  uint8_t v[block];
  EACH_LANE v[j] = 0;
  EACH_TAP(uint8_t, x, { EACH_LANE v[j] = at[j] > v[j] ? at[j] : v[j]; })
  EACH_LANE values[j] = v[j];
}

/// The averages of n channels of bytes: 16 bits hold the sums of 256 taps, which then join 32 bits.
INLINE void average_bytes(
    const size_t n, const struct pare_pool_windows *w, const uint8_t *x, uint8_t *values,
    int32_t start, float factor, const struct byte_bounds *bounds) {
  uint16_t part[block];
  int32_t sums[block];
  size_t left = 256;
  EACH_LANE part[j] = 0;
  EACH_LANE sums[j] = start;
  EACH_TAP(uint8_t, x, {
    EACH_LANE part[j] = (uint16_t)(part[j] + at[j]);
    if (--left == 0) {
      EACH_LANE sums[j] += part[j];
      EACH_LANE part[j] = 0;
      left = 256;
    }
  })
  EACH_LANE values[j] = byte_of((float)(sums[j] + part[j]) * factor, bounds);
}

void KERNEL(pare_pool_u8)(
    const struct pare_pool_windows *w, const uint8_t *x, uint8_t *y, int32_t start, float factor,
    int32_t zero) {
  const struct byte_bounds bounds = byte_bounds_of(zero, 0, 255);
  for (size_t i = 0; i < w->pixels; i++, x += w->pixel_step, y += w->channels)
    for (size_t k = 0; k < w->channels; k += block) {
      uint8_t values[block];
      const size_t left = w->channels - k, n = left < block ? left : block;
      if (n > 16) {
        if (factor < 0)
          greatest_bytes(block, w, x + k, values);
        else
          average_bytes(block, w, x + k, values, start, factor, &bounds);
      } else {
        if (factor < 0)
          greatest_bytes(16, w, x + k, values);
        else
          average_bytes(16, w, x + k, values, start, factor, &bounds);
      }
      if (n == block)
        memcpy(y + k, values, block);
      else
        for (size_t j = 0; j < n; j++) y[k + j] = values[j];
    }
}
