// A quarter of a block of 64 channels in 128-bit vectors: channel 4 j + i lies in 32-bit lane i of vector
// j, which is where interleaving bytes leaves it. Included after the products of an instruction set.
#include "../qgemm/requantize_neon.h"

enum { half = 16 };

/// The sums of 4 channels, the bytes of 16, and four activations for each of 4 channels.
typedef int32x4_t lanes;
typedef uint8x16_t bytes;
struct quad {
  activations bytes;
};

INLINE bytes bytes_at(const uint8_t *x) { return vld1q_u8(x); }

INLINE lanes lanes_at(const int32_t *q) { return vld1q_s32(q); }

INLINE struct quad quad_of(uint16x8_t x) {
  return (struct quad){activations_of(vreinterpretq_u8_u16(x))};
}

/// Interleaves the bytes of four vectors of 16 channels: vectors j ... j + n, n 2 or 4.
INLINE void interleave(
    struct quad out[], const size_t j, const size_t n, bytes x0, bytes x1, bytes x2, bytes x3) {
  if (j == 0) {
    const uint16x8_t low01 = vreinterpretq_u16_u8(vzip1q_u8(x0, x1));
    const uint16x8_t low23 = vreinterpretq_u16_u8(vzip1q_u8(x2, x3));
    out[0] = quad_of(vzip1q_u16(low01, low23));
    out[1] = quad_of(vzip2q_u16(low01, low23));
  }
  if (j == 2 || n == 4) {
    const uint16x8_t high01 = vreinterpretq_u16_u8(vzip2q_u8(x0, x1));
    const uint16x8_t high23 = vreinterpretq_u16_u8(vzip2q_u8(x2, x3));
    out[2 - j] = quad_of(vzip1q_u16(high01, high23));
    out[3 - j] = quad_of(vzip2q_u16(high01, high23));
  }
}

INLINE lanes products(lanes sum, const struct quad *x, const int8_t *w) {
  return PRODUCTS(sum, vld1q_s8(w), x->bytes);
}

/// Stores vectors j ... j + n of sums as bytes; `left` channels of the part are there.
INLINE void store_bytes(
    const lanes sums[], const size_t j, const size_t n, const int32_t *q, uint8_t *c, size_t left,
    const struct byte_range *range, const struct pare_qoutput *o) {
  float32x4_t y[4];
  for (size_t v = 0; v < n; v++)
    y[v] = scaled(sums[v], vld1q_f32((const float *)(q + 48 * (j + v) + 16)));
  if (n == 2) {
    y[2] = y[0];
    y[3] = y[1];
  }
  // Two vectors lie in both halves, so that their residual may too.
  if (o->residual) {
    const uint8_t *residual = residual_of(o, c) + 4 * j;
    const uint8x16_t bytes = n == 4 ? vld1q_u8(residual)
                                    : vcombine_u8(vld1_u8(residual), vld1_u8(residual));
    add_residual(y, bytes, range);
  }
  const uint8x16_t bytes = bytes_of(y, range);
  if (n == 4)
    store_bytes16(c, left, bytes);
  else if (left >= 4 * j + 8)
    vst1_u8(c + 4 * j, vget_low_u8(bytes));
  else if (left > 4 * j)
    store_bytes16(c + 4 * j, left - 4 * j, bytes);
}

INLINE void store_floats(
    const lanes sums[], const size_t j, const size_t n, const int32_t *q, float *c, size_t left,
    const struct pare_qoutput *o) {
  const float32x4_t min = vdupq_n_f32(o->float_min), max = vdupq_n_f32(o->float_max);
  for (size_t v = 0; v < n; v++) {
    const int32_t *constants = q + 48 * (j + v);
    const float32x4_t scale = vld1q_f32((const float *)(constants + 16));
    const float32x4_t bias = vld1q_f32((const float *)(constants + 32));
    const float32x4_t y = held(vaddq_f32(scaled(sums[v], scale), bias), min, max);
    if (left > 4 * (j + v)) store_floats4(c + 4 * (j + v), left - 4 * (j + v), y);
  }
}
