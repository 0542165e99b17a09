// int32 sums of 16 channels to outputs, exactly as Requantization does it.
#pragma once
#include <immintrin.h>
#include <stdint.h>

/// The constants of 16 channels, spread over even and odd lanes of 64 bits.
struct requantizer {
  __m512i multiplier[2], shift[2], round[2];
};

static inline __attribute__((always_inline)) struct requantizer requantizer_of(const int32_t *q) {
  const __m512i multiplier = _mm512_loadu_si512(q + 16), shift = _mm512_loadu_si512(q + 32);
  struct requantizer r;
  r.multiplier[0] = multiplier;
  r.multiplier[1] = _mm512_srli_epi64(multiplier, 32);
  r.shift[0] = _mm512_and_si512(shift, _mm512_set1_epi64(0xFFFFFFFF));
  r.shift[1] = _mm512_srli_epi64(shift, 32);
  const __m512i one = _mm512_set1_epi64(1);
  for (int i = 0; i < 2; i++)
    r.round[i] = _mm512_sllv_epi64(one, _mm512_sub_epi64(r.shift[i], one));
  return r;
}

/// Returns sums scaled and rounded, in 32 bits: for shifts of at least 31.
static inline __attribute__((always_inline)) __m512i requantize_narrow(
    __m512i sums, const struct requantizer *r) {
  __m512i even = _mm512_mul_epi32(sums, r->multiplier[0]);
  __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(sums, 32), r->multiplier[1]);
  even = _mm512_srav_epi64(_mm512_add_epi64(even, r->round[0]), r->shift[0]);
  odd = _mm512_srav_epi64(_mm512_add_epi64(odd, r->round[1]), r->shift[1]);
  return _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, 0xA0);
}

/// The same for any shift, clamped to min ... max (64-bit lanes) while still in 64 bits.
static inline __attribute__((always_inline)) __m512i requantize_wide(
    __m512i sums, const struct requantizer *r, __m512i min, __m512i max) {
  __m512i even = _mm512_mul_epi32(sums, r->multiplier[0]);
  __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(sums, 32), r->multiplier[1]);
  even = _mm512_srav_epi64(_mm512_add_epi64(even, r->round[0]), r->shift[0]);
  odd = _mm512_srav_epi64(_mm512_add_epi64(odd, r->round[1]), r->shift[1]);
  even = _mm512_min_epi64(_mm512_max_epi64(even, min), max);
  odd = _mm512_min_epi64(_mm512_max_epi64(odd, min), max);
  return _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, 0xA0);
}

/// The clamp and zero point of an output, spread over lanes.
struct byte_range {
  __m512i wide_min, wide_max, zero, min, max;
};

static inline __attribute__((always_inline)) struct byte_range byte_range_of(
    const struct pare_qoutput *o) {
  return (struct byte_range){
      _mm512_set1_epi64(o->min - o->zero), _mm512_set1_epi64(o->max - o->zero),
      _mm512_set1_epi16((short)o->zero), _mm512_set1_epi8((char)o->min),
      _mm512_set1_epi8((char)o->max)};
}

/// Returns four vectors of scaled sums as clamped bytes: within each 128-bit lane, four bytes of each.
static inline __attribute__((always_inline)) __m512i bytes_of(
    const __m512i y[4], const struct byte_range *range) {
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(y[0], y[1]), range->zero);
  const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(y[2], y[3]), range->zero);
  const __m512i bytes = _mm512_packus_epi16(low, high);
  return _mm512_min_epu8(_mm512_max_epu8(bytes, range->min), range->max);
}
