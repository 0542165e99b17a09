#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../elementwise/bytes_avx512.h"
#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")

/// Sums four vectors lane by lane, then the lanes of the result pairwise.
INLINE_AVX512 float sum_of_vectors(const __m512 v[4]) {
  const __m512 all = _mm512_add_ps(_mm512_add_ps(v[0], v[1]), _mm512_add_ps(v[2], v[3]));
  const __m256 eight =
      _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// Sums f of 16 elements at a time, element i in lane i mod 64.
#define SUM(sums, f)                                                          \
  {                                                                           \
    size_t i = 0;                                                             \
    UNROLL for (int j = 0; j < 4; j++) sums[j] = _mm512_setzero_ps();         \
    for (; i + 64 <= count; i += 64)                                          \
      UNROLL for (int j = 0; j < 4; j++) {                                    \
        const __m512 v = _mm512_loadu_ps(x + i + 16 * j);                     \
        sums[j] = _mm512_add_ps(sums[j], f);                                  \
      }                                                                       \
    UNROLL for (int j = 0; j < 4; j++) if (i + 16 * j < count) {              \
      const __mmask16 mask = mask16(count - i - 16 * j);                      \
      const __m512 v = _mm512_maskz_loadu_ps(mask, x + i + 16 * j);           \
      sums[j] = _mm512_mask_add_ps(sums[j], mask, sums[j], f);                \
    }                                                                         \
  }

void pare_layernorm_f32_64__avx512(
    size_t rows, size_t count, const float *x, float *y, const float *scale, const float *bias,
    float epsilon, float *means, float *inverses) {
  for (size_t row = 0; row < rows; row++, x += count, y += count) {
    __m512 sums[4];
    SUM(sums, v)
    const float mean = sum_of_vectors(sums) / (float)count;
    const __m512 m = _mm512_set1_ps(mean);
    SUM(sums, _mm512_mul_ps(_mm512_sub_ps(v, m), _mm512_sub_ps(v, m)))
    const float variance = sum_of_vectors(sums) / (float)count + epsilon;
    const float inverse = 1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance)));
    const __m512 r = _mm512_set1_ps(inverse);
    for (size_t i = 0; i < count; i += 16) {
      const __mmask16 mask = mask16(count - i);
      __m512 v = _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, x + i), m);
      v = _mm512_mul_ps(_mm512_mul_ps(v, r), _mm512_maskz_loadu_ps(mask, scale + i));
      if (bias) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, bias + i));
      store_f32(y + i, mask, v);
    }
    if (means) means[row] = mean;
    if (inverses) inverses[row] = inverse;
  }
}

/// Adds up bytes less `zero`, and their squares, exactly.
INLINE_AVX512 void moments(
    size_t count, const uint8_t *x, int32_t zero, int64_t *sum, int64_t *squares) {
  const __m512i ones = _mm512_set1_epi8(1);
  const __m512i shift = _mm512_set1_epi16((short)zero);
  *sum = -(int64_t)count * zero;
  *squares = 0;
  // 4096 vectors of 64 bytes: no lane of 32 bits overflows.
  for (size_t first = 0; first < count; first += 1 << 18) {
    const size_t last = count - first < (1 << 18) ? count : first + (1 << 18);
    __m512i s = _mm512_setzero_si512(), q = _mm512_setzero_si512();
    for (size_t i = first; i < last; i += 64) {
      const __mmask64 mask = mask64(last - i);
      const __m512i v = _mm512_maskz_loadu_epi8(mask, x + i);
      // What the mask leaves out counts as the zero point among the squares.
      const __m512i w = _mm512_mask_blend_epi8(mask, _mm512_set1_epi8((char)zero), v);
      const __m512i low =
          _mm512_sub_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(w)), shift);
      const __m512i high =
          _mm512_sub_epi16(_mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(w, 1)), shift);
      s = _mm512_dpbusd_epi32(s, v, ones);
      q = _mm512_add_epi32(
          q, _mm512_add_epi32(_mm512_madd_epi16(low, low), _mm512_madd_epi16(high, high)));
    }
    const __m256i half = _mm512_extracti64x4_epi64(q, 1);
    const __m512i wide = _mm512_add_epi64(
        _mm512_cvtepu32_epi64(_mm512_castsi512_si256(q)), _mm512_cvtepu32_epi64(half));
    *squares += _mm512_reduce_add_epi64(wide);
    *sum += _mm512_reduce_add_epi32(s);
  }
}

/// The means and inverse deviations of up to 8 rows, whose divisions and roots then overlap.
INLINE_AVX512 void row_statistics(
    size_t rows, size_t count, const uint8_t *x, const struct pare_layernorm_u8_parameters *p,
    float means[8], float inverses[8]) {
  int64_t sums[8] = {0}, squares[8] = {0};
  for (size_t row = 0; row < rows; row++)
    moments(count, x + row * count, p->x_zero, &sums[row], &squares[row]);
  const __m512d n = _mm512_set1_pd((double)count), scale = _mm512_set1_pd(p->x_scale);
  const __m512d mean = _mm512_div_pd(_mm512_cvtepi64_pd(_mm512_loadu_si512(sums)), n);
  const __m512d square = _mm512_div_pd(_mm512_cvtepi64_pd(_mm512_loadu_si512(squares)), n);
  const __m512d variance = _mm512_max_pd(
      _mm512_sub_pd(square, _mm512_mul_pd(mean, mean)), _mm512_setzero_pd());
  const __m512d deviation = _mm512_sqrt_pd(_mm512_add_pd(
      _mm512_mul_pd(_mm512_mul_pd(variance, scale), scale), _mm512_set1_pd(p->epsilon)));
  _mm256_storeu_ps(means, _mm512_cvtpd_ps(mean));
  _mm256_storeu_ps(inverses, _mm512_cvtpd_ps(_mm512_div_pd(scale, deviation)));
}

void pare_layernorm_u8_64__avx512(
    size_t rows, size_t count, const uint8_t *x, uint8_t *y, const float *scale,
    const float *bias, const struct pare_layernorm_u8_parameters *parameters) {
  const struct pare_layernorm_u8_parameters p = *parameters;
  const struct byte_bounds bounds = byte_bounds_of(p.zero, 0, 255);
  const __m512i shift = _mm512_set1_epi32(p.x_zero);
  const __m512i none = _mm512_setzero_si512();
  float means[8], inverses[8];
  for (size_t row = 0; row < rows; row++, x += count, y += count) {
    if (row % 8 == 0) {
      const size_t left = rows - row;
      row_statistics(left < 8 ? left : 8, count, x, &p, means, inverses);
    }
    const __m512 m = _mm512_set1_ps(means[row % 8]), r = _mm512_set1_ps(inverses[row % 8]);
#define PART(v, i, mask)                                                                      \
  rounded_within(                                                                             \
      _mm512_add_ps(                                                                          \
          _mm512_mul_ps(                                                                      \
              _mm512_mul_ps(                                                                  \
                  _mm512_sub_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(v, shift)), m), r),       \
              _mm512_maskz_loadu_ps(mask, scale + (i))),                                      \
          _mm512_maskz_loadu_ps(mask, bias + (i))),                                           \
      &bounds)
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
      const __m512i v = _mm512_loadu_si512(x + i);
      const __m512i parts[4] = {
          PART(BYTES_AS_WORDS(v, 0), i, 0xFFFF), PART(BYTES_AS_WORDS(v, 1), i + 16, 0xFFFF),
          PART(BYTES_AS_WORDS(v, 2), i + 32, 0xFFFF), PART(BYTES_AS_WORDS(v, 3), i + 48, 0xFFFF)};
      _mm512_storeu_si512(y + i, bytes_of_sums(parts[0], parts[1], parts[2], parts[3], &bounds));
    }
    for (; i < count; i += 16) {
      const __mmask16 mask = mask16(count - i);
      const __m512i v = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, x + i));
      store_u8(y + i, mask, bytes_of_sums(PART(v, i, mask), none, none, none, &bounds));
    }
#undef PART
  }
}

#pragma clang attribute pop
#endif
