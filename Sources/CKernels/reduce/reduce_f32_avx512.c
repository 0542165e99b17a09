#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../elementwise/polynomials.h"

void pare_min_max_f32_64__avx512(size_t count, const float *x, float *result) {
  __m512 least[4], greatest[4];
  for (int j = 0; j < 4; j++) {
    least[j] = _mm512_set1_ps(result[0]);
    greatest[j] = _mm512_set1_ps(result[1]);
  }
  // The second operand is what min and max return when the first is not a number.
  size_t i = 0;
  for (; i + 64 <= count; i += 64)
    for (int j = 0; j < 4; j++) {
      const __m512 v = _mm512_loadu_ps(x + i + 16 * j);
      least[j] = _mm512_min_ps(v, least[j]);
      greatest[j] = _mm512_max_ps(v, greatest[j]);
    }
  for (int j = 1; j < 4; j++) {
    least[0] = _mm512_min_ps(least[j], least[0]);
    greatest[0] = _mm512_max_ps(greatest[j], greatest[0]);
  }
  result[0] = _mm512_reduce_min_ps(least[0]);
  result[1] = _mm512_reduce_max_ps(greatest[0]);
  for (; i < count; i++) {
    result[0] = x[i] < result[0] ? x[i] : result[0];
    result[1] = x[i] > result[1] ? x[i] : result[1];
  }
}

/// Sums 16 lanes pairwise, in the order of the portable kernel.
INLINE float sum_of_lanes(__m512 lanes) {
  float v[16];
  _mm512_storeu_ps(v, lanes);
  for (int width = 8; width > 0; width /= 2)
    for (int i = 0; i < width; i++) v[i] += v[i + width];
  return v[0];
}

void pare_softmax_f32_16__avx512(size_t count, const float *x, float *y) {
  if (count == 0) return;
  float greatest = x[0];
  {
    float range[2] = {x[0], x[0]};
    pare_min_max_f32_64__avx512(count, x, range);
    greatest = range[1];
  }
  for (size_t i = 0; i < count; i++) y[i] = exponential(x[i] - greatest);
  __m512 lanes = _mm512_setzero_ps();
  for (size_t i = 0; i < count; i += 16) {
    const __mmask16 mask = count - i >= 16 ? 0xFFFF : (__mmask16)((1u << (count - i)) - 1);
    lanes = _mm512_add_ps(lanes, _mm512_maskz_loadu_ps(mask, y + i));
  }
  const float scale = 1.0f / sum_of_lanes(lanes);
  for (size_t i = 0; i < count; i++) y[i] *= scale;
}

#pragma clang attribute pop
#endif
