// Products of unsigned and signed bytes, four to a 32-bit lane, with AVX-VNNI.
#pragma once
#include <immintrin.h>
#include <stdint.h>

/// 8 columns of 4 weights.
struct columns {
  __m256i bytes;
};

/// 4 activations for every lane.
struct quad {
  __m256i bytes;
};

static inline __attribute__((always_inline)) struct columns columns_of_bytes(__m256i w) {
  return (struct columns){w};
}

static inline __attribute__((always_inline)) struct columns columns_of(const int8_t *b) {
  return columns_of_bytes(_mm256_loadu_si256((const __m256i *)b));
}

static inline __attribute__((always_inline)) struct quad quad_of_bytes(__m256i x) {
  return (struct quad){x};
}

static inline __attribute__((always_inline)) struct quad quad_of(int32_t word) {
  return (struct quad){_mm256_set1_epi32(word)};
}

static inline __attribute__((always_inline)) __m256i sum_of_products(
    __m256i sum, const struct quad *x, const struct columns *w) {
  return _mm256_dpbusd_avx_epi32(sum, x->bytes, w->bytes);
}
