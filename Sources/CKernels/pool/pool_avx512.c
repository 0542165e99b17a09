#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../elementwise/bytes_avx512.h"
#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")

/// Calls BODY with `at`, the address of each tap, in order.
#define EACH_TAP(type, first, BODY)                                        \
  for (size_t p = 0; p < w->planes; p++)                                   \
    for (size_t r = 0; r < w->rows; r++) {                                 \
      const type *at = (first) + p * w->plane_step + r * w->row_step;      \
      for (size_t t = 0; t < w->columns; t++, at += w->column_step) BODY   \
    }

/// 16 * v channels of one window of as many taps, v constant after inlining; only a single vector may be
/// cut short.
INLINE_AVX512 void floats(
    const size_t v, const size_t planes, const size_t rows, const size_t columns,
    const struct pare_pool_windows *w, const float *x, float *y, __mmask16 mask, float divisor) {
  const float least = divisor < 0 ? -__builtin_inff() : 0;
  __m512 values[4];
  UNROLL for (size_t j = 0; j < v; j++) values[j] = _mm512_set1_ps(least);
  for (size_t p = 0; p < planes; p++) {
    for (size_t r = 0; r < rows; r++) {
      const float *at = x + p * w->plane_step + r * w->row_step;
      for (size_t t = 0; t < columns; t++, at += w->column_step) {
        UNROLL for (size_t j = 0; j < v; j++) {
          const __m512 value = _mm512_maskz_loadu_ps(mask, at + 16 * j);
          values[j] = divisor < 0 ? _mm512_max_ps(value, values[j])
                                  : _mm512_add_ps(values[j], value);
        }
      }
    }
  }
  const __m512 d = _mm512_set1_ps(divisor);
  UNROLL for (size_t j = 0; j < v; j++)
    store_f32(y + 16 * j, mask, divisor < 0 ? values[j] : _mm512_div_ps(values[j], d));
}

/// All windows; where the taps are constants after inlining, so are their loops.
INLINE_AVX512 void windows(
    const size_t planes, const size_t rows, const size_t columns,
    const struct pare_pool_windows *shared, const float *x, float *y, float divisor) {
  const struct pare_pool_windows copy = *shared, *w = &copy;
  const size_t channels = w->channels;
  for (size_t i = 0; i < w->pixels; i++, x += w->pixel_step, y += channels) {
    size_t k = 0;
    for (; k + 64 <= channels; k += 64)
      floats(4, planes, rows, columns, w, x + k, y + k, 0xFFFF, divisor);
    for (; k + 16 <= channels; k += 16)
      floats(1, planes, rows, columns, w, x + k, y + k, 0xFFFF, divisor);
    if (k < channels)
      floats(1, planes, rows, columns, w, x + k, y + k, mask16(channels - k), divisor);
  }
}

void pare_pool_f32_64__avx512(
    const struct pare_pool_windows *w, const float *x, float *y, float divisor) {
  const int is_flat = w->planes == 1 && divisor < 0;
  if (is_flat && w->rows == 2 && w->columns == 2)
    windows(1, 2, 2, w, x, y, -1);
  else if (is_flat && w->rows == 3 && w->columns == 3)
    windows(1, 3, 3, w, x, y, -1);
  else
    windows(w->planes, w->rows, w->columns, w, x, y, divisor);
}

INLINE_AVX512 void greatest_bytes(
    const struct pare_pool_windows *w, const uint8_t *x, uint8_t *y) {
  if (w->channels <= 16) {
    const __mmask16 mask = mask16(w->channels);
    __m128i value = _mm_setzero_si128();
    EACH_TAP(uint8_t, x, value = _mm_max_epu8(value, _mm_maskz_loadu_epi8(mask, at));)
    store_u8(y, mask, _mm512_castsi128_si512(value));
    return;
  }
  for (size_t k = 0; k < w->channels; k += 64) {
    const __mmask64 mask = mask64(w->channels - k);
    __m512i value = _mm512_setzero_si512();
    if (mask == ~0ull) {
      EACH_TAP(uint8_t, x + k, value = _mm512_max_epu8(value, _mm512_loadu_si512(at));)
    } else {
      EACH_TAP(
          uint8_t, x + k, value = _mm512_max_epu8(value, _mm512_maskz_loadu_epi8(mask, at));)
    }
    store_u8(y + k, mask, value);
  }
}

/// The sums of 32 channels as two vectors: 16 bits hold those of 257 taps, which then join 32 bits.
INLINE_AVX512 void sums_of_bytes(
    const struct pare_pool_windows *w, const uint8_t *x, __mmask32 mask, __m512i sums[2]) {
  __m512i part = _mm512_setzero_si512();
  size_t left = 256;
  EACH_TAP(uint8_t, x, {
    const __m256i v =
        mask == ~0u ? _mm256_loadu_si256((const __m256i *)at) : _mm256_maskz_loadu_epi8(mask, at);
    part = _mm512_add_epi16(part, _mm512_cvtepu8_epi16(v));
    if (--left == 0) {
      sums[0] = _mm512_add_epi32(sums[0], _mm512_cvtepu16_epi32(_mm512_castsi512_si256(part)));
      sums[1] = _mm512_add_epi32(
          sums[1], _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(part, 1)));
      part = _mm512_setzero_si512();
      left = 256;
    }
  })
  sums[0] = _mm512_add_epi32(sums[0], _mm512_cvtepu16_epi32(_mm512_castsi512_si256(part)));
  sums[1] =
      _mm512_add_epi32(sums[1], _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(part, 1)));
}

void pare_pool_u8_64__avx512(
    const struct pare_pool_windows *w, const uint8_t *x, uint8_t *y, int32_t start, float factor,
    int32_t zero) {
  const struct byte_bounds bounds = byte_bounds_of(zero, 0, 255);
  const __m512 scale = _mm512_set1_ps(factor);
  const __m512i none = _mm512_setzero_si512();
  for (size_t i = 0; i < w->pixels; i++, x += w->pixel_step, y += w->channels) {
    if (factor < 0) {
      greatest_bytes(w, x, y);
      continue;
    }
    for (size_t k = 0; k < w->channels; k += 32) {
      const __mmask32 mask = (__mmask32)mask64(w->channels - k);
      __m512i sums[2] = {_mm512_set1_epi32(start), _mm512_set1_epi32(start)};
      sums_of_bytes(w, x + k, mask, sums);
      const __m512i low =
          rounded_within(_mm512_mul_ps(_mm512_cvtepi32_ps(sums[0]), scale), &bounds);
      const __m512i high =
          rounded_within(_mm512_mul_ps(_mm512_cvtepi32_ps(sums[1]), scale), &bounds);
      store_u8(y + k, mask, bytes_of_sums(low, high, none, none, &bounds));
    }
  }
}

#pragma clang attribute pop
#endif
