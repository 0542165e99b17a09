// int32 sums of 16 channels to uint8, exactly as Rescaling does it.
#pragma once
#include <immintrin.h>
#include <stdint.h>

/// What all channels of an output have in common, spread over lanes.
struct byte_range {
  __m512 most, residual_factor;
  __m512i residual_zero, zero, least;
};

static inline __attribute__((always_inline)) struct byte_range byte_range_of(
    const struct pare_qoutput *o) {
  return (struct byte_range){
      _mm512_set1_ps((float)(o->max - o->zero)), _mm512_set1_ps(o->residual_factor),
      _mm512_set1_epi32(o->residual_zero), _mm512_set1_epi16((short)o->zero),
      _mm512_set1_epi8((char)o->min)};
}

/// Returns the address in the residual that belongs to `c` in the output.
static inline __attribute__((always_inline)) const uint8_t *residual_of(
    const struct pare_qoutput *o, const uint8_t *c) {
  return o->residual + (c - (const uint8_t *)o->start);
}

/// Returns what 16 bytes of the residual add to scaled sums.
static inline __attribute__((always_inline)) __m512 residual_term(
    __m128i bytes, const struct byte_range *range) {
  const __m512i centred = _mm512_sub_epi32(_mm512_cvtepu8_epi32(bytes), range->residual_zero);
  return _mm512_mul_ps(_mm512_cvtepi32_ps(centred), range->residual_factor);
}

/// Returns sums times their factors.
static inline __attribute__((always_inline)) __m512 scaled(__m512i sums, __m512 factors) {
  return _mm512_mul_ps(_mm512_cvtepi32_ps(sums), factors);
}

/// Rounds half to even, held from above. What is too low for 32 bits becomes the lowest number.
static inline __attribute__((always_inline)) __m512i rounded(
    __m512 y, const struct byte_range *range) {
  return _mm512_cvtps_epi32(_mm512_min_ps(y, range->most));
}

/// Returns four vectors of rounded values as clamped bytes: within each 128-bit lane, four bytes of each.
static inline __attribute__((always_inline)) __m512i bytes_of(
    const __m512i y[4], const struct byte_range *range) {
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(y[0], y[1]), range->zero);
  const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(y[2], y[3]), range->zero);
  return _mm512_max_epu8(_mm512_packus_epi16(low, high), range->least);
}
