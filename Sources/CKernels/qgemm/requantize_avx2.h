// int32 sums of 16 channels to outputs, exactly as Rescaling does it, with vectors of 256 bits.
#pragma once
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/// What all channels of an output have in common, spread over lanes.
struct byte_range {
  __m256 most, residual_factor;
  __m256i residual_zero, zero, least;
};

INLINE struct byte_range byte_range_of(const struct pare_qoutput *o) {
  return (struct byte_range){
      _mm256_set1_ps((float)(o->max - o->zero)), _mm256_set1_ps(o->residual_factor),
      _mm256_set1_epi32(o->residual_zero), _mm256_set1_epi16((short)o->zero),
      _mm256_set1_epi8((char)o->min)};
}

/// Returns the address in the residual that belongs to `c` in the output.
INLINE const uint8_t *residual_of(const struct pare_qoutput *o, const uint8_t *c) {
  return o->residual + (c - (const uint8_t *)o->start);
}

/// Returns what 8 bytes of the residual, in 32-bit lanes, add to scaled sums.
INLINE __m256 residual_term(__m256i bytes, const struct byte_range *range) {
  const __m256i centred = _mm256_sub_epi32(bytes, range->residual_zero);
  return _mm256_mul_ps(_mm256_cvtepi32_ps(centred), range->residual_factor);
}

/// Returns sums times their factors.
INLINE __m256 scaled(__m256i sums, __m256 factors) {
  return _mm256_mul_ps(_mm256_cvtepi32_ps(sums), factors);
}

/// Rounds half to even, held from above. What is too low for 32 bits becomes the lowest number.
INLINE __m256i rounded(__m256 y, const struct byte_range *range) {
  return _mm256_cvtps_epi32(_mm256_min_ps(y, range->most));
}

/// Returns four vectors of rounded values as clamped bytes: within each 128-bit lane, four bytes of each.
INLINE __m256i bytes_of(
    __m256i y0, __m256i y1, __m256i y2, __m256i y3, const struct byte_range *range) {
  const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(y0, y1), range->zero);
  const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(y2, y3), range->zero);
  return _mm256_max_epu8(_mm256_packus_epi16(low, high), range->least);
}

/// Returns `y` held within the bounds; what is not a number stays so.
INLINE __m256 held(__m256 y, __m256 min, __m256 max) {
  return _mm256_min_ps(max, _mm256_max_ps(min, y));
}

/// Stores the first n of 16 bytes, n from 1 on.
INLINE void store_bytes16(uint8_t *to, size_t n, __m128i bytes) {
  if (n >= 16) {
    _mm_storeu_si128((__m128i *)to, bytes);
    return;
  }
  uint8_t memory[16];
  _mm_storeu_si128((__m128i *)memory, bytes);
  for (size_t i = 0; i < n; i++) to[i] = memory[i];
}

/// Stores the first n of 8 floats.
INLINE void store_floats8(float *to, size_t n, __m256 y) {
  if (n >= 8) {
    _mm256_storeu_ps(to, y);
    return;
  }
  float memory[8];
  _mm256_storeu_ps(memory, y);
  for (size_t i = 0; i < n; i++) to[i] = memory[i];
}
