// Products of unsigned and signed bytes, four to a 32-bit lane, without VNNI.
#pragma once
#include <immintrin.h>
#include <stdint.h>

/// 8 columns of 4 weights, widened to 16 bits, the even and the odd ones apart, so that no sum of
/// products saturates.
struct columns {
  __m256i even, odd;
};

/// 4 activations for every lane, widened alike.
struct quad {
  __m256i even, odd;
};

static inline __attribute__((always_inline)) struct columns columns_of_bytes(__m256i w) {
  return (struct columns){
      _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8), _mm256_srai_epi16(w, 8)};
}

static inline __attribute__((always_inline)) struct columns columns_of(const int8_t *b) {
  return columns_of_bytes(_mm256_loadu_si256((const __m256i *)b));
}

static inline __attribute__((always_inline)) struct quad quad_of_bytes(__m256i x) {
  return (struct quad){
      _mm256_and_si256(x, _mm256_set1_epi16(0xFF)), _mm256_srli_epi16(x, 8)};
}

static inline __attribute__((always_inline)) struct quad quad_of(int32_t word) {
  return quad_of_bytes(_mm256_set1_epi32(word));
}

static inline __attribute__((always_inline)) __m256i sum_of_products(
    __m256i sum, const struct quad *x, const struct columns *w) {
  const __m256i two = _mm256_add_epi32(
      _mm256_madd_epi16(x->even, w->even), _mm256_madd_epi16(x->odd, w->odd));
  return _mm256_add_epi32(sum, two);
}
