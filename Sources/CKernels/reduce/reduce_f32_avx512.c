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

static void softmax_row(size_t count, const float *x, float *y) {
  float range[2] = {x[0], x[0]};
  pare_min_max_f32_64__avx512(count, x, range);
  const float greatest = range[1];
  for (size_t i = 0; i < count; i++) y[i] = exponential(x[i] - greatest);
  __m512 lanes = _mm512_setzero_ps();
  for (size_t i = 0; i < count; i += 16) {
    const __mmask16 mask = count - i >= 16 ? 0xFFFF : (__mmask16)((1u << (count - i)) - 1);
    lanes = _mm512_add_ps(lanes, _mm512_maskz_loadu_ps(mask, y + i));
  }
  const float scale = 1.0f / sum_of_lanes(lanes);
  for (size_t i = 0; i < count; i++) y[i] *= scale;
}

/// Softmax of 16 / count rows, count being 2, 4 or 8: lanes meet those `width` apart, so that sums are
/// taken in the order of longer rows.
INLINE void softmax_short_rows(const size_t count, const float *x, float *y) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  float v[16];
  __m512 greatest = _mm512_loadu_ps(x);
  for (int width = (int)count / 2; width > 0; width /= 2) {
    const __m512i other = _mm512_xor_si512(lane, _mm512_set1_epi32(width));
    greatest = _mm512_max_ps(greatest, _mm512_permutexvar_ps(other, greatest));
  }
  _mm512_storeu_ps(v, _mm512_sub_ps(_mm512_loadu_ps(x), greatest));
  for (int i = 0; i < 16; i++) v[i] = exponential(v[i]);
  const __m512 powers = _mm512_loadu_ps(v);
  __m512 sums = powers;
  for (int width = (int)count / 2; width > 0; width /= 2) {
    const __m512i other = _mm512_xor_si512(lane, _mm512_set1_epi32(width));
    sums = _mm512_add_ps(sums, _mm512_permutexvar_ps(other, sums));
  }
  _mm512_storeu_ps(y, _mm512_mul_ps(powers, _mm512_div_ps(_mm512_set1_ps(1.0f), sums)));
}

void pare_softmax_f32_16__avx512(size_t rows, size_t count, const float *x, float *y) {
  if (count == 0) return;
  size_t i = 0;
  if (count == 2 || count == 4 || count == 8)
    for (; i + 16 <= rows * count; i += 16) switch (count) {
        case 2: softmax_short_rows(2, x + i, y + i); break;
        case 4: softmax_short_rows(4, x + i, y + i); break;
        default: softmax_short_rows(8, x + i, y + i);
      }
  for (; i < rows * count; i += count) softmax_row(count, x + i, y + i);
}

#pragma clang attribute pop
#endif
