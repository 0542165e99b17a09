// The elementary functions of Sources/Kernels/Elementwise/Polynomials.swift, operation for operation,
// so that both give the same bits (contraction to fused multiply-add is off where this is included).
#pragma once
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

INLINE uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

INLINE float clamped(float x, float min, float max) {
  const float y = x < min ? min : x;
  return max < y ? max : y;
}

/// e^x for x in -87 ... 88, x held inside; the reduction and polynomial of Cephes' expf.
INLINE float exponential(float x) {
  x = clamped(x, -87.0f, 88.0f);
  const float shifted = x * 1.44269504f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = (p * (r * r) + r) + 1.0f;
  return p * float_of((bits_of(shifted) + (127u - 0x4B400000u)) << 23);
}

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

INLINE float hyperbolic_tangent(float x) {
  const float size = float_of(bits_of(x) & 0x7FFFFFFFu);
  const float square = x * x;
  float p = -5.70498872745e-3f;
  p = p * square + 2.06390887954e-2f;
  p = p * square + -5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square + -3.33332819422e-1f;
  const float near = p * square * x + x;
  const float far = 1.0f - 2.0f / (exponential(size + size) + 1.0f);
  const float signed_far = float_of(bits_of(far) | (bits_of(x) & 0x80000000u));
  return size < 0.625f ? near : signed_far;
}

/// Abramowitz and Stegun 7.1.26, error at most 1.5e-7 before rounding.
INLINE float error_function(float x) {
  const float size = float_of(bits_of(x) & 0x7FFFFFFFu);
  const float t = 1.0f / (1.0f + 0.3275911f * size);
  float p = 1.061405429f;
  p = p * t + -1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t + -0.284496736f;
  p = p * t + 0.254829592f;
  const float far = 1.0f - p * t * exponential(-(size * size));
  return float_of(bits_of(far) | (bits_of(x) & 0x80000000u));
}
