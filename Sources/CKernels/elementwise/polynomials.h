// The elementary functions of Sources/Kernels/Elementwise/Polynomials.swift, operation for operation,
// so that both give the same bits: multiply-adds are fused where they say so (contraction is off where
// this is included, and every instruction set above the portable one has them).
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

/// a * b + c in one rounding.
INLINE float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

/// e^x for x in -87 ... 88, x held inside; the reduction and polynomial of Cephes' expf.
INLINE float exponential(float x) {
  x = clamped(x, -87.0f, 88.0f);
  const float shifted = fused(x, 1.44269504f, 12582912.0f);
  const float n = shifted - 12582912.0f;
  const float r = fused(n, 2.12194440e-4f, fused(n, -0.693359375f, x));
  float p = 1.9875691500e-4f;
  p = fused(p, r, 1.3981999507e-3f);
  p = fused(p, r, 8.3334519073e-3f);
  p = fused(p, r, 4.1665795894e-2f);
  p = fused(p, r, 1.6666665459e-1f);
  p = fused(p, r, 5.0000001201e-1f);
  p = fused(p, r * r, r) + 1.0f;
  return p * float_of((bits_of(shifted) + (127u - 0x4B400000u)) << 23);
}

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

INLINE float silu(float x) { return x / (1.0f + exponential(-x)); }

/// x * P(x^2) / Q(x^2), fitted to the least relative error over -9 ... 9, x held inside.
INLINE float hyperbolic_tangent(float x) {
  x = clamped(x, -9.0f, 9.0f);
  const float u = x * x;
  float p = 1.335465694e-08f;
  p = fused(p, u, 2.060907718e-05f);
  p = fused(p, u, 3.495587735e-03f);
  p = fused(p, u, 1.338102520e-01f);
  p = fused(p, u, 1.0f);
  float q = 7.776556004e-07f;
  q = fused(q, u, 3.285634157e-04f);
  q = fused(q, u, 2.587698027e-02f);
  q = fused(q, u, 4.671434164e-01f);
  q = fused(q, u, 1.0f);
  return clamped(x * p / q, -1.0f, 1.0f);
}

/// The same over -3.92 ... 3.92, beyond which the error function is 1 within 3e-8.
INLINE float error_function(float x) {
  x = clamped(x, -3.92f, 3.92f);
  const float u = x * x;
  float p = 2.050082912e-06f;
  p = fused(p, u, 2.848838922e-04f);
  p = fused(p, u, 3.765659407e-03f);
  p = fused(p, u, 5.274885520e-02f);
  p = fused(p, u, 1.904074252e-01f);
  p = fused(p, u, 1.128379107e+00f);
  float q = 3.809172995e-05f;
  q = fused(q, u, 1.162546221e-03f);
  q = fused(q, u, 1.496930141e-02f);
  q = fused(q, u, 1.141095087e-01f);
  q = fused(q, u, 5.020769238e-01f);
  q = fused(q, u, 1.0f);
  return clamped(x * p / q, -1.0f, 1.0f);
}
