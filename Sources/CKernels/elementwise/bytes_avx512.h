// Bytes to 32-bit lanes and back, 64 at a time, and the rounding of scaled sums to bytes.
#pragma once
#include <immintrin.h>
#include <stdint.h>

#define INLINE_AVX512 static inline __attribute__((always_inline))

/// The zero point and the bounds of a uint8 output.
struct byte_bounds {
  __m512 min, max;
  __m512i zero;
};

INLINE_AVX512 struct byte_bounds byte_bounds_of(int32_t zero, int32_t min, int32_t max) {
  return (struct byte_bounds){
      _mm512_set1_ps((float)(min - zero)), _mm512_set1_ps((float)(max - zero)),
      _mm512_set1_epi16((short)zero)};
}

/// Returns v held within the bounds and rounded half to even; what is not a number becomes the least.
INLINE_AVX512 __m512i rounded_within(__m512 v, const struct byte_bounds *b) {
  return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(v, b->min), b->max));
}

/// Returns 64 rounded sums as bytes, in order.
INLINE_AVX512 __m512i bytes_of_sums(
    __m512i v0, __m512i v1, __m512i v2, __m512i v3, const struct byte_bounds *b) {
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(v0, v1), b->zero);
  const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(v2, v3), b->zero);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high));
}

/// Returns bytes 16 * part ... of v as 32-bit lanes.
#define BYTES_AS_WORDS(v, part) _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(v, part))
