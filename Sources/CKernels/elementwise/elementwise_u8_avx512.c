#include "kernels.h"

#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "polynomials.h"

// Plain loops: the compiler makes vectors of them.
void pare_add_u8_16__avx512(
    size_t count, const uint8_t *a, const uint8_t *b, uint8_t *y,
    const struct pare_add_u8_parameters *parameters) {
  const struct pare_add_u8_parameters p = *parameters;
  const int32_t start = (1 << (p.shift - 1)) - p.a_zero * p.a_multiplier - p.b_zero * p.b_multiplier;
  const int32_t min = p.min - p.zero, max = p.max - p.zero;
  for (size_t i = 0; i < count; i++) {
    int32_t v = (start + a[i] * p.a_multiplier + b[i] * p.b_multiplier) >> p.shift;
    v = v < min ? min : v;
    v = v > max ? max : v;
    y[i] = (uint8_t)(v + p.zero);
  }
}

void pare_mul_u8_16__avx512(
    size_t count, const uint8_t *a, const uint8_t *b, size_t b_step, uint8_t *y,
    const struct pare_mul_u8_parameters *parameters) {
  const struct pare_mul_u8_parameters p = *parameters;
  const int64_t round = 1ll << (p.shift - 1), min = p.min - p.zero, max = p.max - p.zero;
  const int32_t fixed = *b - p.b_zero;
  for (size_t i = 0; i < count; i++) {
    const int32_t product = (a[i] - p.a_zero) * (b_step ? b[i] - p.b_zero : fixed);
    int64_t v = ((int64_t)product * p.multiplier + round) >> p.shift;
    v = v < min ? min : v;
    v = v > max ? max : v;
    y[i] = (uint8_t)(v + p.zero);
  }
}

void pare_quantize_u8_16__avx512(
    size_t count, const float *x, uint8_t *y, float scale, int32_t zero) {
  const float min = (float)-zero, max = (float)(255 - zero);
  for (size_t i = 0; i < count; i++) {
    const float v = x[i] / scale;
    const float held = clamped(v > min ? v : min, min, max);
    y[i] = (uint8_t)((int32_t)bits_of(held + 12582912.0f) - 0x4B400000 + zero);
  }
}

void pare_dequantize_u8_16__avx512(
    size_t count, const uint8_t *x, float *y, float scale, int32_t zero) {
  for (size_t i = 0; i < count; i++) y[i] = (float)(x[i] - zero) * scale;
}

#pragma clang attribute pop
#endif
